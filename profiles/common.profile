# The defaults of every scenario, and what each key means.
#
# This is a base, not a scenario: it has no name. A scenario's profile says
# `base = common` in its [scenario] group and after that only what differs.
# The base is looked for beside the profile, then among the shipped ones; the
# ending ".profile" may be left out. With a '/' in it, it is a path from there.
# The values here equal those built into hvbench.
#
# A profile is a key file: [groups], `key = value` lines, and comments on lines
# of their own. Lists are separated by ';'. `hvbench show PROFILE` prints what a
# profile amounts to.

[scenario]
# These describe one file and are not inherited:
#   base    another profile, by name or path, whose keys apply unless this
#           file has its own
#   name    1 to 64 letters, digits, '-' or '_'; tells the scenario from the
#           others in a result set, also in file names. Without it a profile is
#           only a base
#   figure  the number of the paper's figure, if it reproduces one
#   title   what tables and pictures are headed with

[stack]
# Whether there are no guests at all, and the agent runs on the host itself, in
# a cgroup of its own: yes or no. The one guest that [guests] then counts is
# the host, and its users are multiplied by the host CPUs that they may use. A
# native scenario has no caps, weights, managers or host services.
native = no
# A: what the keys below say. B: this machine's second stack, to compare
# hypervisors: QEMU's binary translator (TCG) where A comes out as KVM; where A
# is TCG already, the machine type pc in place of q35, or q35 in place of pc.
hypervisor = A
# 1 to 99. Scenarios whose guests are the same share the booted guests, unless
# these numbers differ: so a scenario is repeated on guests booted anew.
boot = 1
# auto, kvm or tcg. auto boots a guest under KVM as far as its HELLO, takes
# TCG if that fails, and says so: an openable /dev/kvm proves nothing.
accel = auto
# QEMU's machine type.
machine = q35
# A QEMU binary to use in place of libvirt's choice: a path. A relative path is
# taken from the directory of the profile that has it.
emulator =
# The guests' CPU: default (what the machine type brings), host-passthrough
# (KVM only), or the name of a model.
cpu = default

[guests]
# How many single-vCPU guests: 1 to 64. The paper's bed has eight.
count = 8
# How long a guest may take from its start to its HELLO, s: 1 to 3600. Eight
# guests that boot at once under TCG, or under a slow nested KVM, take minutes.
hello-timeout-s = 180

# The keys below are for every guest; a group [guest N], N from 1, has the same
# keys for one guest and beats them.

# Memory, MiB: 80 (the least that Debian's kernel boots with) to 65536. Enough
# that no guest pages; eight of them fit into a small machine.
memory-mib = 128
# The kernel's flavour as built by guests/, or the path of a kernel image.
# Debian's cloud flavour boots fastest where there is no KVM. Here, but not in a
# [guest N], several flavours with ';' between them are taken by the guests in
# turn: with cloud;amd64;rt guest 1 boots cloud, 2 amd64, 3 rt, 4 cloud.
kernel = cloud
# The path of an initramfs; nothing: the flavour's own. A kernel given by its
# path needs one, unless it boots a disk image.
initrd =
# Added to the kernel's command line.
cmdline =
# A disk image with a system of its own: its path (qcow2 or raw), or debian for
# the one that `make debian` builds; nothing: the guest runs the agent alone,
# from its initramfs. An image at a path is booted by its own boot loader or, if
# the kernel above is a path, too, by that kernel, with root=/dev/vda unless the
# cmdline says otherwise. It is never written: the guest's changes go to an
# overlay that is removed after the run. QEMU's user must be able to read it and
# what it is itself an overlay of; no other guest may write to it.
image =
# Whether the image has the agent as a service: yes or no. A guest without it
# can be a neighbour, capped and weighed, but neither loaded nor measured.
agent = yes

# Whether the guest has emulated users: yes or no. A scenario needs a loaded
# guest unless it measures only levels without users.
loaded = no
# Emulated users of the guest, if it is loaded, at the six levels in their
# order: up to 256, never fewer than at the level before; 0 at None, but for a
# neighbour (not measured, or apart), which may keep its users at every level.
# With the pauses below, these ask for 0, 25, 50, 75, 100 and 150 % of one CPU.
# Natively: for each host CPU.
users = 0;2;4;6;8;12
# A limit on these users together, % of one CPU: 1 to 100; 0 is none. The
# guest's own kernel enforces it (a cap is the host's), and other programs in
# the guest, the probe users among them, go without it.
limit-percent = 0
# Whether the guest has probe users, whose operations are timed: no, yes, or
# apart, for a neighbour that gets figures of its own and counts in the
# scenario's P3 only if no guest has yes. A scenario needs at least one that is
# measured.
measured = no
# Whether a priority manager runs in the guest: yes or no.
manager = no
# Static cap, % of one CPU: 1 to 100; 0 is no cap.
cap-percent = 0
# What the cap limits: vcpu (the thread that runs the guest) or vm (all threads
# of its QEMU process, so that the overhead counts, too).
cap-scope = vcpu
# The cap's period, us: 1000 to 1000000. The guest may use up its share of each
# period at once and then stands still: a factor of its own. 100 ms is the
# kernel's default. The share of a period must be at least 1000 us.
cap-period-us = 100000
# Share of the CPU relative to the other guests: 1 to 10000. Equal for all, as
# hosts treat guests by default. A guest runs for some ms and then stands while
# the others have their share: weight 1 beside 10000 for 40 s. What would stand
# for more than 2 min, all others being busy, is refused.
weight = 100

[host]
# Host CPUs that are the guests' and the host services': the first so many of
# those that hvbench may use, all (and a warning) if there are fewer; 0 is all.
# Natively: the agent's.
cpus = 0
# Where vCPUs run: float (on all of these CPUs, as the host's scheduler likes)
# or pinned (that of guest N on the Nth of them alone, counted around).
affinity = float
# Emulated processes of the host beside the guests: 0 to 64. They work in bursts
# and pause, as the users in a guest do.
services = 0
# CPU that they ask for together, % of one CPU: 1 to 6400, at most 100 for each
# of them.
service-percent = 20
# Share of the CPU of all services together, 1 to 10000, where the group of all
# guests together has 100. A process of the host that is in no group counts 100.
service-weight = 100
# Mean of a service's bursts of work (exponential), ms of CPU: 1 to 10000.
service-burst-ms = 100
# Whether a priority manager runs on the host: yes or no. It watches the host's
# processes, with the settings in [manager], and leaves the guests', libvirt's
# and hvbench's alone.
manager = no
# How it lowers the priority of a process: nice, idle or cgroup, as in
# [manager]. The guests are in groups of their own, against which a nice value
# counts for nothing; the small weight of a cgroup does.
manager-method = cgroup

[disk]
# How the host caches the guests' disks, QEMU's cache modes: default, none (past
# the host's page cache), writeback, writethrough, directsync or unsafe.
cache = default
# How `open` reads its document in the guest: direct (past the guest's page
# cache, where that is possible), cold (through it, from the disk) or warm
# (through it, where the document is already).
guest-cache = direct

[load]
# The levels to measure, some of None, Low, Medium, Busy, Maximum, Overload.
levels = None;Low;Medium;Busy;Maximum;Overload
# Mean of a user's bursts of work (exponential), ms of CPU: 1 to 10000.
burst-mean-ms = 100
# A burst is at most this many times the mean: 1 to 100. Cut, so that a single
# burst does not decide a cell.
burst-cut = 4
# Mean of a user's pause after a burst (exponential), ms: 0 to 600000. 700 ms
# after 100 ms of work make a user ask for an eighth of a CPU.
think-mean-ms = 700

[probe]
# The timed operations in proportion, 0 to 100 each: key (5 ms of CPU), open
# (60 ms and a document read from disk), launch (fork, exec and 120 ms).
mix = key:4;open:5;launch:1
# The operation that verdicts and pictures are about: key, open or launch. It
# must be in the mix.
headline = open
# From where they are timed: server (the guest's timer starts an operation, the
# guest's clock times it), client (the host sends a request over a virtio-serial
# port and times the answer on its own clock), or both, as many each.
vantage = server
# One operation starts within each slot of this many ms: 1 to 60000. Together
# with the mix it must keep the probe below 10 % of a CPU; 440 ms are the least
# that do so with this mix.
slot-ms = 440
# Probe users, which take turns so that a late operation delays no other's
# start: 1 to 64. 16 cover delays of 16 slots, 7 s.
pool = 16

[manager]
# Of the managers in the guests and, but for the method, the one on the host.

# How a manager lowers the priority of a process: nice, idle (SCHED_IDLE) or
# cgroup (a cgroup of the least weight).
method = nice
# Time between two looks at the processes, ms: 50 to 60000.
interval-ms = 500
# Time constant of the decaying mean of a process's CPU use, ms: 50 to 600000,
# no less than the interval. A few looks, so that one burst is no verdict: the
# 60 ms of an `open` come to 3 % even if a cap stretches them, a user to 8 %.
memory-ms = 4000
# A process is demoted when its mean is above this, % of one CPU: 0.1 to 100.
# A user asks for 12 %, a probe user for less than 1 %.
demote-percent = 4
# It gets its priority back when its mean is below this, % of one CPU: at least
# 0.1 less, so that it does not flicker.
restore-percent = 1
# Nice value of what is demoted, with the method nice: 1 to 19.
nice = 19

[run]
# Samples of the headline operation in each cell, measured guest and vantage: 1
# to 10000. The other operations follow the mix. 30 make a window of 26 s.
samples = 30
# Cells for each level: 1 to 100. The repetition is the statistical unit:
# confidence intervals need at least two.
repetitions = 3
# From a change of the load to the opening of the window, ms: 0 to 600000. The
# manager's memory and some pauses of the users should fit in.
settle-ms = 4000
# How long unfinished operations are waited for after the window, ms: 0 to
# 600000. What is not done by then counts with the delay it had reached.
drain-ms = 6000
# Seed of the plan, the users and the schedules: 1 to 9007199254740991. The same
# seed makes the same plan. 0: chosen at random, and recorded.
seed = 0
# How often a disturbed cell is run again: 0 to 20.
reruns = 2

# Whatever the gate is, a cell is also disturbed when a cap, a weight, the CPUs
# or a manager of a guest or of the host's services was not the same after the
# window as before it, was changed and put back, or does not agree with the CPU
# that was charged; so it is when a limit of the control groups above the guests
# changes.
[gate]
# A cell is disturbed when others than the guests and hvbench used more CPU on
# the host than this, % of one CPU: 0 to 100000.
foreign-percent = 10
# ... when the hypervisor below this host, if there is one, took more away from
# it than this, % of one CPU: 0 to 100000.
steal-percent = 10
# ... when more samples, or frames of the port to a guest, than this were lost
# or made no sense: 0 to 10000.
lost-samples = 0
# ... when a frame was longer on its way from a guest than this, ms: 1 to
# 600000. A guest whose weight or cap lets it stand still may take four such
# stands, if that is more.
late-frame-ms = 1000
# ... when hvbench itself was late by more than this to send a client-side
# operation, ms: 1 to 600000.
late-send-ms = 10
# A cell is suspect, and the guest calibrated anew after it, when the guest's
# speed has changed by more than this, %: 0 to 100.
drift-percent = 5
