# As figure 3, with each vCPU pinned to one host CPU.
#
# For the paper's claim that pinning buys nothing: its vCPUs floated.

[scenario]
base = fig03
name = c17-pinned
title = One loaded guest of eight, pinned

[host]
affinity = pinned
