# Figure 11: dynamic contention, four busy guests of eight and no cap.
#
# The host's scheduler shares two CPUs out among four loaded guests. Three of
# them keep three users each at every level, 36 % of a CPU; with the probes in
# all four, 10 % each, and the host's light services that is about four fifths
# of both CPUs. The users of the first guest, whose P3 this is, ask for the rest
# by Busy or Maximum, and for more than there is at Overload. At Maximum guest 1
# gets about what a cap of 50 % would let it have, so that static and dynamic
# contention can be compared at equal CPU. The neighbours are measured apart:
# whether the host was fair to all is a result, too. A manager watches the
# host's services. The paper saw delays grow as the host went from 80 to 100 %,
# but far less than under the cap of figure 9.

[scenario]
base = paper
name = fig11
figure = 11
title = Four loaded guests, host manager

[guests]
users = 3;3;3;3;3;3

[guest 1]
loaded = yes
measured = yes
users = 0;1;2;3;4;6

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
services = 2
service-percent = 20
service-weight = 200
manager = yes
