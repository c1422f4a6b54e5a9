/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checkup: the findings of the doctor, printed and counted one by one. */
#ifndef HVB_CLI_CHECKUP_H
#define HVB_CLI_CHECKUP_H

#include <glib.h>
#include <stdio.h>

typedef enum {
    HVB_CHECK_OK,   /* "ok": nothing to do; may carry a note */
    HVB_CHECK_WARN, /* "warn": would spoil, slow down or limit measurements */
    HVB_CHECK_FAIL, /* "FAIL": hvbench cannot run here */
    HVB_N_CHECK_STATUSES,
} HvbCheckStatus;

typedef struct {
    HvbCheckStatus status;
    const char *what; /* static: "governor" */
    char *finding;    /* owned */
    char *remedy;     /* owned; NULL if there is nothing to do, or if the
                       * finding says it */
} HvbCheck;

/* `remedy` may be NULL. The rest makes the finding. */
HvbCheck hvb_check_new(HvbCheckStatus status, const char *what,
                       const char *remedy, const char *format, ...)
    G_GNUC_PRINTF(4, 5);
void hvb_check_clear(HvbCheck *check);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(HvbCheck, hvb_check_clear)

typedef struct {
    FILE *stream; /* borrowed */
    gboolean terminal;
    gboolean colour; /* a terminal, and the user did not set NO_COLOR */
    guint counts[HVB_N_CHECK_STATUSES];
} HvbCheckup;

void hvb_checkup_init(HvbCheckup *checkup, FILE *stream);

/* Prints a check, "warn  governor        powersave" with the remedy in an
 * indented line below, counts it, and clears it. */
void hvb_checkup_add(HvbCheckup *checkup, HvbCheck check);

/* Shows on a terminal what takes so long, until the next check is added. */
void hvb_checkup_busy(HvbCheckup *checkup, const char *doing);

/* Prints the last line: "this host can run hvbench: 20 ok, 2 warnings, 0
 * failures", or "cannot" if anything failed. Returns whether it can. */
gboolean hvb_checkup_end(HvbCheckup *checkup);

#endif
