# Figure 2: no guests, the users work on the host itself.
#
# What virtualization is compared with. The agent runs in a cgroup of its own,
# with the same operations and users as in a guest, but with that many users for
# each host CPU, so that a level asks for the same share of the machine. The
# paper saw nearly every delay below 50 ms under a light load, growth from about
# half load on, and half a second to three quarters on average in the top rows,
# up to two seconds.

[scenario]
base = paper
name = fig02
figure = 2
title = The host itself, without guests

[stack]
native = yes

[guests]
count = 1

[guest 1]
loaded = yes
measured = yes
