# Figure 9: as figure 3, with a static cap on the loaded guest.
#
# The guest may use 50 % of one CPU, enforced by a timer, on and off, whatever
# the guest is doing. The host has CPU to spare all the while. The paper saw the
# worst of all its cases, with much larger delays already at Medium, where the
# load just fits under the cap.

[scenario]
base = paper
name = fig09
figure = 9
title = One loaded guest, 50 % cap

[guest 1]
loaded = yes
measured = yes
cap-percent = 50
cap-scope = vcpu
