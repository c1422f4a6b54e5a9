# As figure 9, with the cap on the whole VM.
#
# For the paper's claim that a cap counts the overhead of virtualization as the
# guest's: here QEMU's other threads use up the 50 %, too, while in figure 9
# they come on top.

[scenario]
base = fig09
name = c16-vm
title = One loaded guest, 50 % cap on the whole VM

[guest 1]
cap-scope = vm
