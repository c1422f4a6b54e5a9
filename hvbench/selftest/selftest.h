/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Selftest: known answers. Delays, shares and loads of known size are made on a
 * bed of this machine, and what hvbench measures of them must be what they are.
 *
 * Each check sets things up with the same parts that a run uses (agent, link,
 * window, meters, calibration), and only compares. */
#ifndef HVB_SELFTEST_SELFTEST_H
#define HVB_SELFTEST_SELFTEST_H

#include "hvbench/run/calibration.h"

/* Checks need so many guests, all idle: the first is looked at, the second only
 * competes with it. */
#define HVB_SELFTEST_GUESTS 2

typedef enum {
    HVB_ANSWER_RIGHT,
    HVB_ANSWER_WRONG, /* by hvbench, the hypervisor or the kernel */
    /* Not right, and it cannot be told why: others, or the host's own speed, or
     * that of its translator disturbed each attempt (noise.h). */
    HVB_ANSWER_HOST_NOISE,
    HVB_ANSWER_TRANSLATOR_NOISE,
} HvbAnswerVerdict;
const char *hvb_answer_verdict_name(HvbAnswerVerdict verdict);

/* One row of the table. */
typedef struct {
    char check;     /* 'a' ... */
    char *what;     /* "stalls of 5 to 50 ms" */
    char *expected; /* with its unit */
    char *measured;
    char *error;
    char *limit; /* of the error */
    double off;  /* the error in terms of the limit, or HVB_OFF_... */
    HvbAnswerVerdict verdict;
    char *remark; /* one or more lines; NULL: none */
} HvbAnswer;
void hvb_answer_free(HvbAnswer *answer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbAnswer, hvb_answer_free)

/* One of the checks, in order; NULL: there are no more. */
typedef struct {
    char letter;
    const char *summary;
} HvbCheckInfo;
const HvbCheckInfo *hvb_selftest_check(guint i);

typedef struct {
    HvbBed *bed;               /* all idle and uncapped, as after a boot */
    const HvbProfile *profile; /* whose gate and reruns hold */
    guint64 seed;              /* of everything that is random */
    const char *letters;       /* of the checks to be made; NULL: all */
    /* What goes on now, in a few words; may be NULL. */
    void (*phase)(const char *what, gpointer user_data);
    /* A doubt about the bed that is to be seen in the end; may be NULL. */
    void (*note)(const char *text, gpointer user_data);
    /* Takes a finished row over. */
    void (*answer)(HvbAnswer *answer, gpointer user_data);
    gpointer user_data;
    GCancellable *cancellable;
} HvbSelftestSettings;

/* Calibrates the guests and makes the checks. One of which an answer came out
 * wrong is made again, as often as the profile says; an answer that was right
 * once is right, and what the others come to is said in verdict.h. Returns TRUE
 * when all were made, whatever came out. Errors: those of the bed and its
 * links. Nothing is left stopped or loaded when a check ends, however it ends;
 * caps are left to the bed's end if it fails. */
gboolean hvb_selftest_run(const HvbSelftestSettings *settings, GError **error);

#endif
