# The demand of c15-two, spread over four guests.

[scenario]
base = c15-two
name = c15-four
title = The same demand in four guests

[guests]
users = 0;2;2;4;4;6

[guest 3]
loaded = yes

[guest 4]
loaded = yes
