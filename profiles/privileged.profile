# As c12-dynamic, with guest 1 privileged by its weight.
#
# Four times its neighbours' weight: 4 of 7 parts of two CPUs are more than the
# one CPU that it can use, so it should feel next to nothing of them. No figure
# of the paper.

[scenario]
base = c12-dynamic
name = privileged
title = Four loaded guests, one of four times the weight

[guest 1]
weight = 400
