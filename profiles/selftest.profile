# The bed of `hvbench selftest`: two guests, of which each check makes what it
# needs. Of the rest of this profile only [stack], [guests] count, and the gate
# and the reruns matter.

[scenario]
base = common
name = selftest
title = The bed on which hvbench checks itself

[guests]
count = 2

[guest 1]
loaded = yes
measured = yes
