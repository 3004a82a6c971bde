% bip unweighted
% 3 2 2
1 1
