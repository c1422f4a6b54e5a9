# Figure 5: as figure 3, with a priority manager in the loaded guest.
#
# The manager looks at the processes of its guest and lowers the priority of
# those that use much CPU. It does not know which ones are the load. The paper
# saw the impact of the load all but disappear.

[scenario]
base = paper
name = fig05
figure = 5
title = One loaded guest, guest manager

[guest 1]
loaded = yes
measured = yes
manager = yes
