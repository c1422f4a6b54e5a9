# Figure 12: as figure 11, with a priority manager in each loaded guest, too.
#
# The paper saw that at full load this nearly rivals a fully loaded native
# system, figure 2.

[scenario]
base = fig11
name = fig12
figure = 12
title = Four loaded guests, managers in all

[guest 1]
manager = yes

[guest 2]
manager = yes

[guest 3]
manager = yes

[guest 4]
manager = yes
