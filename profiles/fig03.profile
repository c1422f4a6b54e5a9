# Figure 3: one loaded guest on an otherwise idle host.
#
# Eight single-vCPU guests run; seven are idle, the first carries the load and
# is the one measured. There is no cap and no manager. The paper saw the same
# average delays as on a native system, but from a lower load on, and with less
# variability, because the rest of the host is idle.

[scenario]
base = paper
name = fig03
figure = 3
title = One loaded guest of eight

[guest 1]
loaded = yes
measured = yes
