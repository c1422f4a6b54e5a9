/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fake agent: the far end of a link, in this process, without work or time.
 *
 * It answers from the default main context. Each emulated user makes every
 * operation FAKE_DELAY_PER_USER_NS late; a window passes at once, but for its
 * operations of the client side, each of which is done as soon as it is asked
 * for. Its manager demotes process 7 as soon as there are users, and gives it
 * back on RESET. */
#ifndef TEST_UNIT_FAKE_AGENT_H
#define TEST_UNIT_FAKE_AGENT_H

#include "hvbench/bed/bed.h"
#include "loadgen/operations.h"

#define FAKE_RATE 400000 /* iterations per ms */
/* An operation takes its work and this. */
#define FAKE_OVERHEAD_NS G_GINT64_CONSTANT(1000000)
#define FAKE_REFERENCE_NS(operation) \
    ((gint64)operation_work_ms(operation) * 1000000 + FAKE_OVERHEAD_NS)
#define FAKE_DELAY_PER_USER_NS G_GINT64_CONSTANT(10000000)
/* Its clock is so far ahead of the host's. */
#define FAKE_AHEAD_NS G_GUINT64_CONSTANT(5000000000000)

typedef struct {
    /* What it does wrong; all FALSE or 0: nothing. */
    guint16 version;         /* in its HELLO; 0: the right one */
    guint lose_samples;      /* of each window with users, the first ones */
    gboolean repeat_samples; /* sends each sample twice */
    guint stale;             /* its samples are of so many cells before */
    gboolean stale_opening;  /* that of the cell before comes first */
    gboolean move_starts;    /* claims other intended starts */
    gboolean die_in_window;  /* closes its port after the window opened */
    gboolean never_answer;   /* no answer to PING */
    gboolean refuse_probe;   /* ERROR */
    gboolean garbage;        /* bytes between its frames */
    double drift;            /* each later calibration is so much faster */
    guint drifting;          /* for so many of these; 0: for ever */
    gboolean unsteady;       /* its calibrations do not converge */
    gint64 slow_ns;          /* operations without users take so much longer */
    gint64 rising_ns; /* without users each operation takes so much longer than
                       * the last of its kind */
    gboolean disturbed; /* without users every other operation is late */
    guint censor;       /* the last so many operations never end */
    gint64 used_ns;     /* by its users, between one METER and the next */
    guint64 jump_ns;    /* its clock is so much further ahead */
    guint64 held_ns;    /* its samples were under way for so long already */
    const char *clocksource; /* in its METERS; NULL: as in its HELLO */
    guint mute;              /* leaves the last so many requests unanswered */
    gboolean lose_answers;   /* and says that it has answered them */
    gboolean close_client;   /* its client port, at the first request */
    guint overcount;         /* its END counts so many samples more */
    gboolean lose_manager; /* in its METERS it has none, whatever it was told */

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
    guint meters;
    guint64 seeds[64]; /* of PROBEs, in order */

    /* Private. */
    int fd;
    guint watch;
    guint32 sequence;
    guint64 began_ns;
    WireReader reader;
    int client_ends[2]; /* of its client port: [0] its own, [1] the host's */
    guint client_watch;
    WireReader client_reader;
    WireEnd end;                      /* of the window under way */
    guint sampled[WIRE_N_OPERATIONS]; /* in it, of the server side */
    guint n_client;
} FakeAgent;

/* Makes the agent; returns a link to it, which is up as soon as the main
 * context has run. Both are freed by their own functions, the link first. */
FakeAgent *fake_agent_new(void);
HvbLink *fake_agent_connect(FakeAgent *agent, const char *name);
/* Sends an opening and a sample that nobody has asked for. */
void fake_agent_intrude(FakeAgent *agent, guint64 cell);
void fake_agent_free(FakeAgent *agent);

#endif
