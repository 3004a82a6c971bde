% bip unweighted
1 1 1 1 1
