# The demand of c15-two, spread over all eight guests.

[scenario]
base = c15-four
name = c15-eight
title = The same demand in eight guests

[guests]
users = 0;1;1;2;2;3

[guest 5]
loaded = yes

[guest 6]
loaded = yes

[guest 7]
loaded = yes

[guest 8]
loaded = yes
