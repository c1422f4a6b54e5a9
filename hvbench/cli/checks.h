/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks: what a fact about the host means for hvbench.
 *
 * Each function judges values that were read elsewhere and reads nothing
 * itself. The texts are those of host.h's facts, HVB_HOST_UNKNOWN included. */
#ifndef HVB_CLI_CHECKS_H
#define HVB_CLI_CHECKS_H

#include "hvbench/bed/kvm-device.h"
#include "hvbench/bed/settings.h"
#include "hvbench/cli/checkup.h"

/* May this user make guests with caps? `uri` is what --connect says, NULL for
 * the embedded driver. */
HvbCheck hvb_check_privileges(gboolean root, gboolean in_libvirt_group,
                              const char *uri);

/* KVM's device, as hvb_kvm_state() found it; `shown` is the fact host.kvm. */
HvbCheck hvb_check_kvm_device(HvbKvmState state, const char *why,
                              const char *shown);

/* `controllers` as host.cgroup_cpu. */
HvbCheck hvb_check_cgroup(const char *version, const char *controllers);

/* What is set of the groups above the guests: of `tuning`, `above` and
 * `limit_*`. */
HvbCheck hvb_check_limits(const HvbTuning *tuning);

HvbCheck hvb_check_cpus(const char *cpus);
/* Those for guests, "0-1", and what is wrong with them, NULL: nothing. */
HvbCheck hvb_check_usable_cpus(const char *usable, const char *doubt);
HvbCheck hvb_check_smt(const char *smt);
HvbCheck hvb_check_governor(const char *governor);
HvbCheck hvb_check_turbo(const char *turbo);
HvbCheck hvb_check_clocksource(const char *clocksource);
HvbCheck hvb_check_autogroup(const char *autogroup);

/* `meminfo` is the text of /proc/meminfo. */
HvbCheck hvb_check_swap(const char *meminfo);

/* CPU that other programs used, in per cent of one CPU, against the `limit`
 * beyond which a cell counts as disturbed. `busiest` names them, "" if
 * none. */
HvbCheck hvb_check_foreign(double percent, double limit, double loadavg,
                           const char *busiest);
/* CPU that this host was denied by a host of its own, in per cent of one. */
HvbCheck hvb_check_steal(double percent);

/* Free space for the files called `what`, kept in `dir`. */
HvbCheck hvb_check_space(const char *what, const char *dir, guint64 free_mib,
                         gboolean writable);

#endif
