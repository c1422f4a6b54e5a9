# As cache-none-cold, with the file cached twice, on the host and in the guest.

[scenario]
base = cache-none-cold
name = cache-writeback-warm
title = Host cache, document in the guest's

[disk]
cache = writeback
guest-cache = warm
