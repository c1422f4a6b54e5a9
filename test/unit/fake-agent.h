/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fake agent: the far end of a link, in this process, without work or time.
 *
 * It answers from the default main context. Each emulated user makes every
 * operation FAKE_DELAY_PER_USER_NS late; a window passes at once. Its manager
 * demotes process 7 as soon as there are users, and gives it back on RESET. */
#ifndef TEST_UNIT_FAKE_AGENT_H
#define TEST_UNIT_FAKE_AGENT_H

#include "hvbench/bed/bed.h"

#define FAKE_RATE 400000 /* iterations per ms */
#define FAKE_REFERENCE_NS G_GINT64_CONSTANT(61000000)
#define FAKE_DELAY_PER_USER_NS G_GINT64_CONSTANT(10000000)

typedef struct {
    /* What it does wrong; all FALSE or 0: nothing. */
    guint16 version;         /* in its HELLO; 0: the right one */
    guint lose_samples;      /* of each window with users, the first ones */
    gboolean repeat_samples; /* sends each sample twice */
    gboolean move_starts;    /* claims other intended starts */
    gboolean die_in_window;  /* closes its port after the window opened */
    gboolean never_answer;   /* no answer to PING */
    gboolean refuse_probe;   /* ERROR */
    gboolean garbage;        /* bytes between its frames */
    double drift;            /* each later calibration is so much faster */
    gboolean unsteady;       /* its calibrations do not converge */
    gboolean disturbed;      /* without users every other operation is late */
    guint censor;            /* the last so many operations never end */
    gint64 used_ns;          /* by its users, between one METER and the next */

    /* What it was told; read by tests. */
    guint users;
    WireLoad load;     /* the last */
    WireManage manage; /* the last */
    guint probes;      /* windows with users or not, references too */
    gboolean managed;
    guint managed_windows;
    guint64 rate;
    guint calibrations;
    guint resets;
    guint64 seeds[64]; /* of PROBEs, in order */

    /* Private. */
    int fd;
    guint watch;
    guint32 sequence;
    guint meters;
    WireReader reader;
} FakeAgent;

/* Makes the agent; returns a link to it, which is up as soon as the main
 * context has run. Both are freed by their own functions, the link first. */
FakeAgent *fake_agent_new(void);
HvbLink *fake_agent_connect(FakeAgent *agent, const char *name);
/* Sends an opening and a sample that nobody has asked for. */
void fake_agent_intrude(FakeAgent *agent, guint64 cell);
void fake_agent_free(FakeAgent *agent);

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
} FakeHost;

/* A bed of `n` fake agents, all up. */
typedef struct {
    HvbBed bed;
    FakeAgent **agents;
    HvbGuestProfile *tuned; /* what each guest was last tuned to */
    FakePlace *placed;
    guint tunings;
    gint64 busy_percent; /* host CPU charged to each guest */
} FakeBed;
FakeBed *fake_bed_new(guint n);
/* Gives it a host with an agent, which is up; freed with the bed. */
FakeHost *fake_bed_add_host(FakeBed *bed);

#endif
