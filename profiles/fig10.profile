# Figure 10: the static cap of figure 9 and the manager of figure 5.
#
# The manager can choose who gets the CPU that the cap leaves to the guest, but
# it cannot make the guest run while the cap holds it. The paper saw the manager
# help a lot without curing: there were still delays of up to about a second.

[scenario]
base = paper
name = fig10
figure = 10
title = One loaded guest, 50 % cap, guest manager

[guest 1]
loaded = yes
measured = yes
manager = yes
cap-percent = 50
cap-scope = vcpu
