# As c08-heavy, with the priority manager on the host.

[scenario]
base = c08-heavy
name = c08-heavy-managed
title = One loaded guest, heavy services, host manager

[host]
manager = yes
