/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bed: host, guests, caps and weights, behind one small interface.
 *
 * libvirt-bed.h makes a bed of guests, native-bed.h one of the host itself; a
 * test makes one of fake agents. The
 * conductor needs no more than this. Everything runs in the thread of the
 * default main context; a wait iterates it. */
#ifndef HVB_BED_BED_H
#define HVB_BED_BED_H

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/host-agent.h"
#include "hvbench/bed/link.h"
#include "hvbench/bed/pulse.h"
#include "hvbench/bed/settings.h"
#include "hvbench/profile/profile.h"

#include <gio/gio.h>

/* Of a bed that is no test's. */
#define HVB_BED_PATIENCE_MS 20000

/* Host CPU charged to a guest since it was started. */
typedef struct {
    gint64 time_ns; /* host CLOCK_MONOTONIC of the reading */
    gint64 cpu_ns;
    gint64 vcpu_ns;
    gint64 emulator_ns;
    HvbThrottling throttling[HVB_N_QUOTAS];
} HvbGuestMeter;

typedef struct {
    char *name;      /* "guest1" */
    char *console;   /* file; NULL if it has none */
    HvbLink *link;   /* owned by the bed */
    int client_fd;   /* non-blocking socket to its client port, owned by the
                      * bed; 0: there is none */
    char *no_client; /* why there is none, owned by the bed; NULL: unknown */
    WireHello hello; /* what it said; strings made printable */
} HvbGuest;

/* What the guests run on; every string owned, "" if unknown. */
typedef struct {
    char *hypervisor;   /* "QEMU 7.2.22 via libvirt 9.0.0" */
    char *accel;        /* "kvm" or "tcg": what really runs */
    char *accel_reason; /* why auto chose it */
    char *machine;      /* with version: "pc-q35-7.2" */
    char *emulator;
    char *cpu;
    char *connection; /* URI */
    char *cgroup;     /* "v1", "v2", or "none" */
    char *choice;     /* "A" or "B", and for B how it was chosen */
} HvbStack;
void hvb_stack_clear(HvbStack *stack);

/* Whether this clocksource only counts timer ticks: nothing can be timed. */
gboolean hvb_clocksource_is_coarse(const char *clocksource);
/* Whether a guest with it can time operations. Errors:
 * HVB_BED_ERROR_BOOT names guest, clocksource and remedy. */
gboolean hvb_clocksource_check(const char *guest, const char *clocksource,
                               GError **error);

typedef struct _HvbBed HvbBed;
struct _HvbBed {
    guint n_guests;
    HvbGuest *guests; /* [0] is guest 1 */
    HvbStack stack;
    /* What a guest's users are multiplied by: 1, natively the number of host
     * CPUs that they may use. */
    guint demand_factor;
    /* For so long calibration may wait for the host to become quiet. */
    guint patience_ms;
    /* The host's own agent, for services and manager; NULL until somebody puts
     * it there. Freed with the bed. */
    HvbHostAgent *host;

    /* Makes guest `guest` (from 0) run under this cap and weight, and reads
     * back what is enforced, from libvirt and from the kernel. */
    gboolean (*tune)(HvbBed *bed, guint guest, const HvbGuestProfile *wanted,
                     HvbTuning *ret_enforced, GError **error);
    /* Makes it run on the host CPUs that the profile gives the guests; writes
     * where it now may run, as read back, to `ret_enforced->cpus`. */
    gboolean (*place)(HvbBed *bed, guint guest, guint cpus,
                      HvbAffinity affinity, HvbTuning *ret_enforced,
                      GError **error);
    /* What the host enforces on it now; nothing is set. */
    gboolean (*read_tuning)(HvbBed *bed, guint guest, HvbTuning *ret_now,
                            GError **error);
    /* From watch() on each write to a control group's setting of a guest, of
     * what is above it, or of the host's services is noted, whoever makes it;
     * not what changes without such a write (group-watch.h). unwatch() ends
     * that and tells of each that was written to and is now what it was before:
     * nobody would see it by reading. It returns sentences ("guest 1's vCPU
     * quota ... was written to in mid-cell"), and in `ret_notes` those that
     * mean nothing by themselves: writes to groups above the guests of which no
     * other value was seen. The caller frees both. Without a watch both are
     * empty. NULL for a bed without such settings. */
    void (*watch)(HvbBed *bed);
    GStrv (*unwatch)(HvbBed *bed, GStrv *ret_notes);
    gboolean (*read_meter)(HvbBed *bed, guint guest, HvbGuestMeter *ret_meter,
                           GError **error);
    /* The process that runs guest `guest`: to be stopped as a whole. NULL: no
     * such thing is there. */
    GPid (*process)(HvbBed *bed, guint guest);
    /* Whether guest `guest` is held by something that is no setting of the bed
     * (pulse.h); cheap enough to be asked many times a second. NULL: nobody
     * can tell. */
    void (*look)(HvbBed *bed, guint guest, HvbPulse *pulse);
    /* Whether the process that runs guest `guest` has ended: then whatever else
     * failed, failed for that. NULL: nobody can tell. */
    gboolean (*is_over)(HvbBed *bed, guint guest);
    /* Why guest `guest` was lost, as far as its remains tell: a panic, the
     * console file and its last lines. The caller frees the text. */
    char *(*explain)(HvbBed *bed, guint guest);
    /* Stops everything the bed started. Never fails; what could not be
     * stopped is reported with g_warning(). */
    void (*free)(HvbBed *bed);
};
void hvb_bed_free(HvbBed *bed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbBed, hvb_bed_free)

#endif
