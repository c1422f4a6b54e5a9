# Figure 3 once more, on guests that were booted anew.
#
# For the paper's claim that two hypervisors look alike: figures 3 and 4 may
# differ by no more than figure 3 does from itself. A boot is part of what makes
# them differ, so this is not done on the guests of figure 3.

[scenario]
base = fig03
name = c04-again
title = One loaded guest of eight, another boot

[stack]
boot = 2
