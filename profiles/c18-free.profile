# What a busy guest without a limit does to its neighbours.
#
# For the paper's claim that a CPU limit inside one guest benefits the others
# and the host: here without it, in c18-limited with it. The users of guest 1
# come at Overload only; three neighbours work at half load at both levels, and
# this is their P3.

[scenario]
base = paper
name = c18-free
title = Three guests beside a busy one

[guests]
users = 4;4;4;4;4;4

[guest 1]
loaded = yes
users = 0;2;4;6;8;12

[guest 2]
loaded = yes
measured = apart

[guest 3]
loaded = yes
measured = apart

[guest 4]
loaded = yes
measured = apart

[host]
cpus = 2

[load]
levels = None;Overload
