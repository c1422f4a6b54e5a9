# As cache-none-cold, with the document in the guest's page cache.

[scenario]
base = cache-none-cold
name = cache-none-warm
title = No host cache, document in the guest's

[disk]
guest-cache = warm
