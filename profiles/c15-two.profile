# A demand spread over two guests.
#
# For the paper's claim that what fits depends on the sum of the requirements,
# not on the number of guests. At Medium, Maximum and Overload 8, 16 and 24
# users ask for one, two and three of two CPUs, here in two guests; c15-four and
# c15-eight have the same users in more. Guests 1 and 2 are measured in all
# three, so that the probes ask for the same, too.

[scenario]
base = paper
name = c15-two
title = The same demand in two guests

[guests]
users = 0;4;4;8;8;12

[guest 1]
loaded = yes
measured = yes

[guest 2]
loaded = yes
measured = yes

[host]
cpus = 2

[load]
levels = None;Medium;Maximum;Overload
