# Smoke: whether everything works on this machine, in less than a minute.
#
# No figure of the paper. Two guests, one of them loaded and measured, at the
# two ends of the load, with too few samples to say anything about them. The
# manager runs, so that it is seen to.

[scenario]
base = common
name = smoke
title = Two guests, to see that all works

[guests]
count = 2

[guest 1]
loaded = yes
measured = yes
manager = yes

[load]
levels = None;Overload

[run]
# 17 operations, a window of 7.5 s.
samples = 8
repetitions = 1
settle-ms = 1500
drain-ms = 4000
reruns = 0
