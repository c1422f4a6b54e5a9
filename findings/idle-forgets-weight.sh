#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# A control group that was idle for a while has lost its weight.
#
# What:      cpu.idle of cgroup v1 and v2, Linux 5.15 and newer (seen on 6.12 and
#            6.18); needs root and a cpu controller that may be written to.
# Expected:  cpu.idle is a switch beside the weight: 1 and then 0 again leaves
#            the group with the weight that it had.
# Happens:   0 gives it the default weight, whatever it had; and while it is
#            idle the weight cannot be set (EINVAL). Nobody writes to the file
#            with the weight, so who watches that (inotify) hears nothing.
# Matters:   whoever makes a VM's group idle for a moment, for maintenance say,
#            takes the share away for good that its domain's XML asks for.
#
# Exit status: 0 as stated · 1 it is otherwise now · 2 cannot be tried here
set -eu

top=/sys/fs/cgroup
weight=cpu.weight
changed=50
if [ ! -e "$top/cgroup.controllers" ]; then
    top=$top/cpu
    weight=cpu.shares
    changed=512
fi
group=$top/idle-forgets-weight-$$
mkdir "$group" 2>/dev/null || {
    echo "cannot make a control group below $top"
    exit 2
}
trap 'rmdir "$group"' EXIT
if [ ! -e "$group/cpu.idle" ] || [ ! -e "$group/$weight" ]; then
    echo "$group has no cpu.idle: Linux before 5.15, or no cpu controller"
    exit 2
fi

default=$(cat "$group/$weight")
echo "$changed" >"$group/$weight"
echo 1 >"$group/cpu.idle"
idle=$(cat "$group/$weight")
refused=no
(echo "$changed" >"$group/$weight") 2>/dev/null || refused=yes
echo 0 >"$group/cpu.idle"
after=$(cat "$group/$weight")

echo "Linux $(uname -r), $group/$weight:"
echo "new group $default, set to $changed, while idle $idle" \
    "(setting it refused: $refused), after it $after"
[ "$after" = "$default" ] && [ "$refused" = yes ]
