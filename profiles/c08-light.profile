# The light host services of figure 6, without its manager.
#
# For the paper's claim that a manager on the host helps slightly: what figure 6
# gains over this is the manager's doing alone.

[scenario]
base = fig06
name = c08-light
title = One loaded guest, light host services

[host]
manager = no
