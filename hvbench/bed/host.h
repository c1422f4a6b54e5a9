/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host: the facts about this machine that a measurement depends on.
 *
 * Read from /proc and /sys; recorded as provenance and judged by the doctor. */
#ifndef HVB_BED_HOST_H
#define HVB_BED_HOST_H

#include <glib.h>

#define HVB_HOST_UNKNOWN "unknown"

typedef struct {
    const char *key; /* "host.cpu_model"; static */
    char *value;     /* one printable line; HVB_HOST_UNKNOWN where the host
                      * does not say */
} HvbHostFact;

/* The facts in a fixed order, an array of HvbHostFact that clears its values:
 *
 *   host.distribution      "Debian GNU/Linux 12 (bookworm)"
 *   host.kernel            "6.1.0-18-amd64 #1 SMP ..."
 *   host.throttling        what that kernel means by throttled time
 *                          (throttling.h): "while something waits"
 *   host.boot_options      of its command line what bears on CPU, clocks, idle
 *                          states and memory: "isolcpus=2 nohz_full=2"; "none"
 *   host.preemption        "full", "voluntary", "none"; where only the version
 *                          tells: "PREEMPT_DYNAMIC", "none built in"
 *   host.scheduler         its numbers, as "sched_cfs_bandwidth_slice_us=5000
 *                          ..."; with debugfs "base_slice_ns=..." and the like
 *   host.autogroup         "on", "off"
 *   host.cpu_model, host.microcode
 *   host.cpus              CPUs online
 *   host.usable_cpus       those that there are for guests: "0,2-3"
 *   host.isolated_cpus     "2-3", "none"
 *   host.smt               "on", "off", "notsupported"
 *   host.governor          "performance", or "performance x2, powersave x6"
 *   host.turbo             "on", "off"
 *   host.idle_driver       driver and governor: "intel_idle, menu"
 *   host.idle_states       of CPU 0: "POLL 0 us, C1 2 us (off)"
 *   host.clocksource
 *   host.cgroup            "v1", "v2", "none"
 *   host.cgroup_cpu        of what hvbench needs, what the hierarchy has:
 *                          v1 "shares quota usage", v2 "cpu"
 *   host.mitigations       of the CPU's flaws that it has: "spectre_v2
 *                          (Mitigation: ...), ..."; "none needed"
 *   host.memory_mib        in all
 *   host.transparent_hugepages "always", "madvise", "never"
 *   host.same_page_merging "on", "off"
 *   host.virtualized       "no", "yes", or "yes: VENDOR PRODUCT"
 *   host.kvm               "no /dev/kvm", or its mode and owner:
 *                          "0660 root:kvm"
 *   host.kvm_parameters    of kvm and its modules: "kvm.nx_huge_pages=N ..."
 *   host.libvirt           version of the library: "9.0.0"
 *   host.qemu              version of the qemu-system-x86_64 in PATH
 *
 * Never fails. Runs QEMU once, to ask for its version. */
GArray *hvb_host_facts(void);

/* The same, read from the /proc, /sys and /dev below `root` ("/" for this
 * host), without host.libvirt and host.qemu. */
GArray *hvb_host_facts_below(const char *root);

/* Makes host.usable_cpus what it is for a run without guests: those that
 * hvbench itself may use, whatever the guests' cpuset is. */
void hvb_host_facts_without_guests(GArray *facts, const char *root);

/* host.clocksource alone; NULL if unknown. Caller frees. */
char *hvb_host_clocksource(const char *root);

/* The value of `key`, borrowed from `facts`; HVB_HOST_UNKNOWN if it has none.
 */
const char *hvb_host_fact(const GArray *facts, const char *key);

/* The parts that only look at a text. */

/* How many CPUs a kernel's list such as "0-3,8" names; 0 if it is malformed. */
guint hvb_host_count_cpus(const char *list);
/* The value of the first "NAME : value" line of a text like /proc/cpuinfo or
 * /proc/meminfo, without outer spaces. NULL: no such line. Caller frees. */
char *hvb_host_field(const char *text, const char *name);
/* "performance x2, powersave x6": each value with its number, in order of
 * first appearance; the value alone if all agree. NULL if there are none.
 * Caller frees. */
char *hvb_host_tally(const char *const *values);

#endif
