% bip unweighted
