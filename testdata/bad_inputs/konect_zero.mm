% bip unweighted
0 1
