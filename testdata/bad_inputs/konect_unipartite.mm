% sym unweighted
1 2
