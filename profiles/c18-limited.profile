# As c18-free, with a limit that the busy guest keeps to by itself.
#
# The guest's own kernel holds its users to a quarter of a CPU.

[scenario]
base = c18-free
name = c18-limited
title = Three guests beside one with a limit inside

[guest 1]
limit-percent = 25
