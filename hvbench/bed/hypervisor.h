/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hypervisor: which libvirt and QEMU are used, and which QEMUs run guests. */
#ifndef HVB_BED_HYPERVISOR_H
#define HVB_BED_HYPERVISOR_H

#include "hvbench/bed/connection.h"
#include "hvbench/profile/profile.h"

#define HVB_GUEST_ARCH "x86_64"

/* Every string is owned and NULL if unknown; versions are like "9.0.0". */
typedef struct {
    char *libvirt; /* of the library or daemon at the connection's far end */
    char *qemu;
    char *emulator; /* that libvirt takes for HVB_GUEST_ARCH by default */
} HvbHypervisor;
void hvb_hypervisor_clear(HvbHypervisor *hypervisor);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbHypervisor, hvb_hypervisor_clear)

/* Asks libvirt, which may have to probe QEMU first: iterates the default main
 * context meanwhile. */
void hvb_hypervisor_ask(HvbConnection *connection,
                        HvbHypervisor *ret_hypervisor);

/* What a profile's stack comes to on this machine. */
typedef struct {
    HvbAccel accel;      /* KVM or TCG */
    const char *machine; /* type; borrowed from the profile, or a constant */
    char *choice;        /* "A", or "B: " and what makes it another; owned */
} HvbStackChoice;

/* `accel`, KVM or TCG, is the accelerator of A, which is the stack that the
 * profile describes. B, for a profile that asks for it, is TCG where A is KVM;
 * where A is TCG it is another machine type: "pc", or if A is that already,
 * "q35". The caller frees the choice. */
void hvb_hypervisor_choose(const HvbProfile *profile, HvbAccel accel,
                           HvbStackChoice *ret_choice);

/* The version of the libvirt library in this process; NULL if unknown. Caller
 * frees. */
char *hvb_hypervisor_library(void);
/* That of the qemu-system-x86_64 in PATH, which is run for it: "7.2.22 (Debian
 * ...)"; NULL if there is none. Caller frees. */
char *hvb_hypervisor_emulator(void);

/* Those processes of /proc below `root` ("/" for this host) that are QEMUs
 * whose domain's name begins with `prefix`; an array of pid_t. libvirt gives
 * each its domain's name, and a comma after it, on the command line: that of a
 * single domain is found by "NAME,". */
GArray *hvb_hypervisor_pids(const char *root, const char *prefix);

/* What the QEMU of process `pid`, by /proc below `root`, was told of how to run
 * its guest: its options -accel, -cpu, -global, -m, -machine, -overcommit,
 * -rtc and -smp, as they stand on its command line, where libvirt has spelt out
 * what it decided. NULL: there is no such process. Caller frees. */
char *hvb_hypervisor_arguments(const char *root, GPid pid);

#endif
