/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spared: the processes of a host that its manager leaves alone, by name.
 *
 *   hypervisors  qemu-system-*, qemu-kvm, kvm, and qemu:*, as libvirt makes its
 *                guests call themselves
 *   libvirt      libvirtd, virtqemud, virtlogd and all other virt*d
 *   hvbench      hvbench
 *
 * Names are trusted: whoever gives a program such a name has it spared. */
#ifndef LOADGEN_SPARED_H
#define LOADGEN_SPARED_H

#include "processes.h"

bool spared_name(const char *name);

/* By the name of the file that it runs (/proc/PID/exe), and by its own, which
 * the kernel cuts at 15 characters. */
bool spared_process(const ProcessLook *look);

#endif
