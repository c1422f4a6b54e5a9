# The paper's bed, on which all its figures and claims are measured.
#
# This is a base, not a scenario: eight single-vCPU guests, a mixture of
# operating systems. Here that is a mixture of Debian's kernels: the small one
# for clouds, the usual one, and the preemptible one for real time. Guest 1,
# which most scenarios load and measure, boots the cloud kernel.

[scenario]
base = common

[guests]
count = 8
kernel = cloud;amd64;rt
