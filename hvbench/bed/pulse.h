/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pulse: whether a guest can run at all.
 *
 * A vCPU that is capped, outweighed or idle runs again when its turn comes or
 * there is something to do: that is what is measured. One that somebody stopped
 * does not, and no setting of the bed says so. Which of the two it is shows in
 * the state of its thread and of its control groups. */
#ifndef HVB_BED_PULSE_H
#define HVB_BED_PULSE_H

#include <glib.h>

typedef enum {
    HVB_HOLD_NONE,
    HVB_HOLD_STOPPED, /* by a signal: SIGSTOP or its like */
    HVB_HOLD_TRACED,  /* by a debugger */
    HVB_HOLD_FROZEN,  /* its control group is */
    HVB_HOLD_PAUSED,  /* through libvirt */
    HVB_HOLD_DISK,    /* paused by QEMU, for its disk */
    HVB_HOLD_BLOCKED, /* in the kernel, uninterruptibly */
} HvbHold;

/* What holds it, as the rest of "it ...". Static. */
const char *hvb_hold_text(HvbHold hold);

typedef struct {
    gint64 run_ns; /* CPU time of the vCPU's thread; -1: not looked at yet */
    gboolean was_blocked; /* at the last look, for the first time perhaps */
    HvbHold hold;
} HvbPulse;

/* What to look at, found once for each guest. */
typedef struct _HvbPulseSource HvbPulseSource;

/* `thread` is the vCPU's directory in /proc. Its groups are those below `root`
 * ("/" for this host). */
HvbPulseSource *hvb_pulse_source_new(const char *root, const char *thread);
/* NULL is fine. */
void hvb_pulse_source_free(HvbPulseSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbPulseSource, hvb_pulse_source_free)

/* Looks at it, and compares with `pulse`, its last look, which it replaces. A
 * thread that has run since is not held; then, and that is nearly always, one
 * small file that is open already is all that is read, if this kernel counts
 * CPU time there. `told` is what libvirt
 * says, and is believed of a thread that sleeps. One that is blocked counts as
 * held from the second such look in a row on: each page that is read blocks it
 * for a moment. Never fails: a thread that is gone is not held. */
void hvb_pulse_look(const HvbPulseSource *source, HvbHold told,
                    HvbPulse *pulse);

#endif
