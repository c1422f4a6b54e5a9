/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands: the times during which guests stood still though no setting of the
 * bed stops them, as far as HVB_STANDS_STEP_MS lets see.
 *
 *   stands = hvb_stands_new (bed);       watches from now on
 *   ... the main context runs ...
 *   hvb_stands_record (stands, active, cell);
 *   hvb_stands_free (stands); */
#ifndef HVB_RUN_STANDS_H
#define HVB_RUN_STANDS_H

#include "hvbench/run/cell.h"

/* Between two looks. A stand is told within this much at either end, a shorter
 * one need not be seen. With 64 guests, looking costs 0.1 % of a CPU. */
#define HVB_STANDS_STEP_MS 100
/* Of one guest, more than these are only counted. */
#define HVB_STANDS_EVENTS_MAX 20

typedef struct _HvbStands HvbStands;

/* Watches all guests of the bed, which is borrowed; none if it cannot tell. */
HvbStands *hvb_stands_new(HvbBed *bed);
void hvb_stands_free(HvbStands *stands);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbStands, hvb_stands_free)

/* Looks once more, and adds an event "still" to the cell for each stand; one
 * that still goes on ends now. Where the guest is active[i], loaded or
 * measured, the contention was not what the cell says, which is told in
 * cell->stood. */
void hvb_stands_record(HvbStands *stands, const gboolean *active,
                       HvbCell *cell);

/* Who is held now, and by what: "guest1 stands still: it was ..."; NULL:
 * nobody. Caller frees. */
char *hvb_stands_describe(HvbBed *bed);

#endif
