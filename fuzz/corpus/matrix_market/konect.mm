% bip unweighted
% 3 2 2
1 1
1 2 1 1234567
2 1
