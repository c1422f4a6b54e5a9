/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fake agent: the far end of a link, in this process, without work or time.
 *
 * It answers from the default main context. Each emulated user makes every
 * operation FAKE_DELAY_PER_USER_NS late; a window passes at once. */
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
    guint censor;            /* the last so many operations never end */

    /* What it was told; read by tests. */
    guint users;
    guint probes; /* windows with users or not, references too */
    gboolean managed;
    guint managed_windows;
    guint64 rate;
    guint resets;
    guint64 seeds[64]; /* of PROBEs, in order */

    /* Private. */
    int fd;
    guint watch;
    guint32 sequence;
    guint calibrations;
    WireReader reader;
} FakeAgent;

/* Makes the agent; returns a link to it, which is up as soon as the main
 * context has run. Both are freed by their own functions, the link first. */
FakeAgent *fake_agent_new(void);
HvbLink *fake_agent_connect(FakeAgent *agent, const char *name);
/* Sends an opening and a sample that nobody has asked for. */
void fake_agent_intrude(FakeAgent *agent, guint64 cell);
void fake_agent_free(FakeAgent *agent);

/* A bed of `n` fake agents, all up. */
typedef struct {
    HvbBed bed;
    FakeAgent **agents;
    HvbGuestProfile *tuned; /* what each guest was last tuned to */
    guint tunings;
    gint64 busy_percent; /* host CPU charged to each guest */
} FakeBed;
FakeBed *fake_bed_new(guint n);

#endif
