# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# What the checks of a host have in common; each is run behind this, by root on
# the host, with hvbench installed. A check's last line says what was seen, and
# its status is 0 if that is as expected, 1 if not, 77 if it cannot be told.
set -u
mkdir -p /root/results /root/profiles
cd /root/results || exit 1

seen() {
    echo "$*"
}

# write_profile NAME [GUEST1-KEY...]: two guests, one of them loaded and measured.
# No gate: this host is a VM on a machine that others use.
write_profile() {
    local name=$1

    shift
    {
        cat <<EOF
[scenario]
base = common
name = $name
title = $name
[guests]
count = 2
[guest 1]
loaded = yes
measured = yes
$(printf '%s\n' "$@")
[guest 2]
weight = 50
[load]
levels = Overload
[run]
samples = 20
repetitions = 1
settle-ms = 2000
drain-ms = 6000
reruns = 0
[gate]
foreign-percent = 100000
steal-percent = 100000
EOF
    } >"/root/profiles/$name.profile"
}

# start NAME: runs that profile in the background, and returns once it measures.
start() {
    rm -rf "$1"
    hvbench run -o "$1" "/root/profiles/$1.profile" >"$1.log" 2>&1 &
    run=$!
    until grep -q 'the host enforces' "$1.log"; do
        kill -0 "$run" 2>/dev/null || {
            tail -n 3 "$1.log"
            exit 1
        }
        sleep 1
    done
}

# group_of GUEST [BELOW]: the directory of its control group.
group_of() {
    find /sys/fs/cgroup/machine* -type d -path "*hvbench*$1*${2-/libvirt}" |
        head -n 1
}

query() {
    sqlite3 -separator ' ' "$1/hvbench.db" "$2"
}
