# As cache-none-cold, with the disk in the host's page cache.

[scenario]
base = cache-none-cold
name = cache-writeback-cold
title = Host cache, document not in the guest's

[disk]
cache = writeback
