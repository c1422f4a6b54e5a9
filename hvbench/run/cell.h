/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cell: scenario x level x repetition, and all that was received of it.
 *
 * Plain records that the conductor fills and the store keeps. Host times are
 * CLOCK_MONOTONIC of the host, guest times of the guest, in nanoseconds. */
#ifndef HVB_RUN_CELL_H
#define HVB_RUN_CELL_H

#include "hvbench/bed/bed.h"
#include "hvbench/profile/profile.h"

typedef enum {
    HVB_CELL_PLANNED,
    HVB_CELL_DONE,
    HVB_CELL_DISTURBED, /* kept, left out of the statistics, rerun */
    HVB_CELL_FAILED,    /* did not end: the guest or the port was lost */
} HvbCellStatus;
const char *hvb_cell_status_name(HvbCellStatus status); /* "planned", ... */

/* What operations take on the idle, uncapped bed; 0: not measured. */
typedef struct {
    gint64 ns[WIRE_N_VANTAGES][WIRE_N_OPERATIONS];
} HvbReferences;

/* Brings times (gint64) into ascending order. */
void hvb_times_sort(GArray *times_ns);
/* The mean of values (double); NaN: there are none. */
double hvb_values_mean(const GArray *values);

/* One timed operation. */
typedef struct {
    guint guest; /* from 1 */
    WireVantage vantage;
    /* Server side: guest times. Client side: host times, and started_ns is when
     * the request was sent. */
    WireSample raw;
    gint64 reference_ns; /* of this operation, guest and vantage */
    gint64 response_ns;  /* raw.ended_ns - raw.intended_ns */
    gint64 delay_ns;     /* response_ns - reference_ns; may be negative */
} HvbSample;

/* A guest's CPU between the two ends of a window, seen from both sides. */
typedef struct {
    guint guest; /* from 1; 0: the host itself */
    /* guest view: /proc/stat inside; host row: the host's /proc/stat, and what
     * its agent ran there (users are the host's services) */
    gint64 guest_window_ns;
    gint64 user_ns, system_ns, steal_ns, idle_ns;
    gint64 users_cpu_ns, probes_cpu_ns, agent_cpu_ns, manager_cpu_ns;
    gboolean has_guest_view; /* FALSE for guests that were not asked */
    /* host view */
    gint64 host_window_ns;
    gint64 host_cpu_ns; /* all threads of the VM */
    gint64 host_vcpu_ns;
    gint64 host_emulator_ns;
    gint64 throttled_periods; /* of all its quotas */
    gint64 throttled_ns;      /* means what throttling.h says of the kernel */
    gint64 above_throttled_periods; /* of these: of groups above its own */
    gint64 above_throttled_ns;
    HvbThrottling throttling[HVB_N_QUOTAS]; /* by quota; not stored */
} HvbMeterRecord;

/* What the guest's own meter does not call idle, ns: 0 at least. Of a guest
 * that is the window less what it calls idle, since a meter that ticks may
 * count more than the window has. Natively there are several CPUs: as many
 * windows as the meter's own total holds, rounded. */
double hvb_meter_record_busy_ns(const HvbMeterRecord *meter);

typedef struct {
    guint guest;    /* 0: hvbench itself */
    gint64 time_ns; /* of the side that the event is from */
    gint64 host_ns; /* the same on the host's clock, as near as its clock
                     * readings tell; 0: unknown */
    char *kind;     /* "demoted", "restored", "note", "port", "clock",
                     * "still" */
    char *text;     /* printable */
} HvbEventRecord;
void hvb_event_record_clear(HvbEventRecord *event);

/* How a guest's clocks stood. */
typedef struct {
    guint guest; /* from 1 */
    HvbClockReading reading;
} HvbClockRecord;

typedef struct {
    /* what was planned */
    guint scenario; /* index into the run's profiles */
    HvbLevel level;
    guint repetition; /* from 1 */
    guint attempt;    /* from 1; > 1: a rerun */
    guint position;   /* place in the plan, from 0 */
    guint64 seed;     /* of schedule and users */

    /* what came of it */
    HvbCellStatus status;
    char *why;                  /* disturbed, failed or suspect: the reasons,
                                 * with "; " between */
    char *stood;                /* which active guests stood still though no
                                 * setting stops them; NULL: none. Not stored:
                                 * it is among the events and in `why` */
    gboolean suspect;           /* calibration drifted beyond the limit */
    gint64 started_realtime_us; /* host wall clock */
    gint64 window_ns;           /* host clock, opening to close */
    guint scheduled;            /* operations, all measured guests */
    guint received;             /* samples that arrived */
    guint censored;             /* of these: still running at the end */
    guint failed;               /* of these: the operation itself failed */
    guint lost;                 /* scheduled but never arrived */
    guint lost_frames;          /* gaps in the frame sequence */
    guint refused;              /* frames and samples that made no sense */
    gint64 late_frame_ns;       /* longest that a frame was under way */
    gint64 late_send_ns; /* client side: latest send after its intended start */
    double foreign_percent; /* host CPU of others, % of one CPU */
    double steal_percent;   /* what the hypervisor below took, % of one CPU */
    double own_percent;     /* hvbench's own, % of one CPU */
    double drift_percent;   /* largest, calibration after the cell / before */
    GArray *samples;        /* HvbSample */
    GArray *clocks;         /* HvbClockRecord, of the guests that are loaded or
                             * measured, before the cell and after it */
    GArray *meters;         /* HvbMeterRecord; host row, then per guest */
    GArray *tunings;        /* HvbTuning as read back; [0] is guest 1 */
    GArray *tunings_after;  /* the same at the window's close */
    HvbTuning services;     /* of the host's services, if the bed has any */
    HvbTuning services_after;
    GPtrArray *changes; /* char *: what else was not as it should be while
                         * the window was open */
    GArray *events;     /* HvbEventRecord */
} HvbCell;

HvbCell *hvb_cell_new(void);
void hvb_cell_free(HvbCell *cell);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbCell, hvb_cell_free)

#endif
