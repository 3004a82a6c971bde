% bip unweighted
% 1 2 4294967295
1 1
