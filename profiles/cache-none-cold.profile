# The file cached nowhere: neither on the host nor in the guest.
#
# The paper saw odd results that it laid to files cached twice, in the host and
# in the guest, and proposed no test. This and three more make one: the host's
# cache of the disk off (none) or on (writeback), the document in the guest's
# page cache (warm) or not (cold). Two guests suffice, with the memory to cache
# documents in.

[scenario]
base = paper
name = cache-none-cold
title = No host cache, document not in the guest's

[guests]
count = 2
memory-mib = 192

[guest 1]
loaded = yes
measured = yes

[disk]
cache = none
guest-cache = cold

[load]
levels = None;Overload
