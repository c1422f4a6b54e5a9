# Heavy host services beside one loaded guest.
#
# For the paper's claim that a manager on the host helps more as the load of the
# host grows. Twelve services ask for one and a half of two CPUs, so that from
# Medium on the guest wants more than they leave. c08-heavy-managed has the
# manager.

[scenario]
base = fig03
name = c08-heavy
title = One loaded guest, heavy host services

[host]
cpus = 2
services = 12
service-percent = 150
# As twelve processes that are in no group: each counts as much as all guests.
# With the weight of one group, Linux would keep half of the host for the guests
# whatever the services ask for, and one loaded guest needs no more.
service-weight = 1200
