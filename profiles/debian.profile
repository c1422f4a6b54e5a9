# Debian: guests that boot a whole system from a disk image.
#
# No figure of the paper. Guest 1 is a Debian with systemd, as people run it; it
# has the agent as a service, carries the load and is measured. Guest 2 is the
# same system as an idle neighbour whose agent nobody asks for, guest 3 the usual
# guest, which has nothing but the agent.
#
# `make debian`, as root, builds the image. To use one of your own, qcow2 or
# raw, name its path:
#
#     image = /srv/images/mine.qcow2
#
# It is never written, but QEMU's user must be able to read it. It boots by its
# own boot loader; one without, as a copy of what `make debian` builds, needs the
# paths of its kernel and initrd beside it. A guest that is measured needs in it the static program hvbench-agent and the systemd unit
# hvbench-agent.service, which `make install` puts into share/hvbench; the unit
# says where they go. Without them say `agent = no`.

[scenario]
base = common
name = debian
title = A Debian system from a disk image

[guests]
count = 3
memory-mib = 256

[guest 1]
image = debian
loaded = yes
measured = yes

[guest 2]
image = debian
agent = no

[guest 3]
memory-mib = 128
