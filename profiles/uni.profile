# As figure 3, on a host of one CPU.
#
# The paper had no such host and expected both the average and the variability
# to rise: nothing of the host is idle any more to help the loaded guest out.
# The guests are restricted to the first CPU.

[scenario]
base = fig03
name = uni
title = One loaded guest, one host CPU

[host]
cpus = 1
