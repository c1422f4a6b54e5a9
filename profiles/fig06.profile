# Figure 6: as figure 3, with a priority manager on the host.
#
# The host has services of its own to run, and the manager lowers the priority
# of those that use much CPU; it never touches a guest's processes. Two services
# that ask for a fifth of a CPU are a light load. The paper saw a modest gain,
# 100 to 200 ms at Overload, that grows with the load of the host: see c08-light
# and c08-heavy.

[scenario]
base = fig03
name = fig06
figure = 6
title = One loaded guest, host manager

[host]
services = 2
service-percent = 20
# As two processes that are in no group, as in the paper's days.
service-weight = 200
manager = yes
