# Figure 7: as figure 6, with a priority manager in the loaded guest, too.
#
# The paper saw the best of all its cases.

[scenario]
base = fig06
name = fig07
figure = 7
title = One loaded guest, managers in both

[guest 1]
manager = yes
