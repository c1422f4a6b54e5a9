# Figure 4: as figure 3, on another hypervisor.
#
# The second stack of this machine: QEMU's binary translator where figure 3 has
# KVM, another machine type where it is translated already. The report names
# both. The paper saw much the same as in figure 3, with somewhat less
# variability.

[scenario]
base = fig03
name = fig04
figure = 4
title = One loaded guest, other hypervisor

[stack]
hypervisor = B
