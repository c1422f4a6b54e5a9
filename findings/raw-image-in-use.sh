#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# "qemu-img info" tells that an image is in use, unless it is a raw one.
#
# What:      qemu-img and QEMU of Debian 12, 1:7.2 (any update of it); TCG.
# Expected:  QEMU locks the images of a running VM against other processes, of
#            whatever format, and qemu-img says so ("Failed to get shared write
#            lock") when it is asked about one without -U.
# Happens:   of a qcow2 image that a VM writes to, info, map and measure are
#            refused; of a raw one beside it in the same VM all three answer as
#            if nobody had it. Only convert, which reads the data, is refused
#            for both. The raw format keeps nothing in the file that a reader
#            would want to stay as it is, so it asks for no such lock.
# Matters:   whoever asks qemu-img whether an image is free before it is copied
#            or given to another VM is never told so of a raw one.
#
# Exit status: 0 as stated · 1 it is otherwise now · 2 cannot be tried here
set -eu

dir=$(mktemp -d)
vm=
finish() {
    [ -z "$vm" ] || kill "$vm" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$dir"
}
trap finish EXIT

# A Debian 12 of its own: nothing of this machine's is used.
mmdebstrap --quiet --variant=apt --components=main \
    --include='qemu-utils,qemu-system-x86,seabios' bookworm "$dir/root" \
    >"$dir/log" 2>&1 || {
    echo "cannot install QEMU into a folder: needs root, mmdebstrap and a" \
        "package archive:"
    tail -n 3 "$dir/log"
    exit 2
}
in_root() {
    chroot "$dir/root" "$@"
}
# shellcheck disable=SC2016  # dpkg-query's own
version=$(in_root dpkg-query -W -f '${Version}' qemu-utils)
case $version in
1:7.2*) ;;
*)
    echo "qemu-utils is $version here, not 1:7.2"
    exit 2
    ;;
esac

in_root qemu-img create -q -f raw /raw.img 16M
in_root qemu-img create -q -f qcow2 /qcow2.img 16M
# It has both open for writing, though it never runs an instruction.
chroot "$dir/root" qemu-system-x86_64 -accel tcg -m 64 -S -nodefaults \
    -display none -drive file=/raw.img,format=raw,if=virtio \
    -drive file=/qcow2.img,format=qcow2,if=virtio &
vm=$!
for _ in $(seq 100); do
    in_root qemu-img convert -O raw /raw.img /copy >/dev/null 2>&1 || break
    sleep 0.1
done
kill -0 "$vm" || exit 2

seen=
for what in info map 'measure -O raw' convert; do
    for image in raw qcow2; do
        arguments=("/$image.img")
        [ "$what" != convert ] || arguments=(-O raw "/$image.img" /copy)
        # shellcheck disable=SC2086  # options of the command
        if in_root qemu-img $what "${arguments[@]}" >/dev/null 2>"$dir/said"
        then
            answer=answers
        elif grep -q 'lock' "$dir/said"; then
            answer=refused
        else
            answer=fails
        fi
        printf '%-15s %-6s %s\n' "$what" "$image" "$answer"
        seen="$seen $answer"
    done
done
echo "qemu-img $version, Linux $(uname -r)"
wanted=' answers refused answers refused answers refused refused refused'
[ "$seen" = "$wanted" ]
