/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fake bed: guests and a host that are fake agents. */
#ifndef TEST_UNIT_FAKE_BED_H
#define TEST_UNIT_FAKE_BED_H

#include "test/unit/fake-agent.h"

/* Where guests or the host's agent were last put. */
typedef struct {
    guint cpus;
    HvbAffinity affinity;
    guint cpus_before; /* the time before */
} FakePlace;

/* A host with a fake agent. */
typedef struct {
    HvbHostAgent agent;
    FakeAgent *fake;
    FakePlace placed;
    guint weight;
    gboolean lose_weight; /* its group has a weight of 1 once it is looked at
                           * for the second time */
    guint looks;
} FakeHost;

/* A bed of `n` fake agents, all up. */
typedef struct _FakeBed FakeBed;
struct _FakeBed {
    HvbBed bed;
    FakeAgent **agents;
    HvbGuestProfile *tuned; /* what each guest was last tuned to */
    FakePlace *placed;
    guint tunings;
    gint64 busy_percent; /* host CPU charged to each guest */
    gint64 vcpu_percent; /* of that, to its vCPU */
    /* How each of a guest's quotas stops it between one look at its meter and
     * the next (HVB_N_QUOTAS of them); NULL: not at all. */
    const HvbThrottling *throttling;
    guint *metered;       /* how often each guest's meter was looked at */
    HvbHold *holds;       /* what holds each guest */
    guint looks;          /* how often guests were looked at */
    guint meters_at_look; /* that the first had answered at the last of these */
    HvbTuning *now;       /* what is enforced on each guest */
    const char *above;    /* what is set of the groups above them */
    const char *seen;     /* what was written to and put back; NULL: nothing */
    const char *noted;    /* the same, but means nothing */
    gboolean watching;
    guint watched_writes;  /* hvbench's own that were made while it watched */
    guint unwatched_reads; /* of what is enforced, while it did not */
    /* Changes something while a window is open; NULL: nobody does. */
    void (*meddle)(FakeBed *bed);
};
FakeBed *fake_bed_new(guint n);
/* Figure 10 with so many guests, which settles at once; whatever else this
 * machine does disturbs no cell. Caller frees. */
HvbProfile *fake_bed_profile(guint n);
/* Gives it a host with an agent, which is up; freed with the bed. */
FakeHost *fake_bed_add_host(FakeBed *bed);

#endif
