# Dynamic contention at the CPU that a 50 % cap would leave.
#
# For the paper's claim that dynamic contention beats a static cap at equal CPU.
# Guest 1 is that of figure 9 without its cap. Three neighbours ask for all they
# can get at every level. Four guests on two CPUs: each receives about half of
# one as soon as it asks for that much. The neighbours are not measured; their
# probes would be a load more.

[scenario]
base = paper
name = c12-dynamic
title = Four loaded guests at half a CPU each

[guests]
users = 12;12;12;12;12;12

[guest 1]
loaded = yes
measured = yes
users = 0;2;4;6;8;12

[guest 2]
loaded = yes

[guest 3]
loaded = yes

[guest 4]
loaded = yes

[host]
cpus = 2
