/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text: figures and names as pictures, page and terminal show them. */
#ifndef HVB_REPORT_TEXT_H
#define HVB_REPORT_TEXT_H

#include "hvbench/results/interval.h"
#include "hvbench/results/p3.h"

/* Stands for a figure that there is no sample for. */
#define HVB_TEXT_NOTHING "–"

/* One colour per level, 0xRRGGBB, from calm to alarming; told apart with the
 * common colour vision deficiencies too (after Paul Tol, "Colour Schemes",
 * SRON/EPS/TN/09-002, scheme sunset). */
extern const guint32 hvb_level_colours[HVB_N_LEVELS];

/* All of these: with a decimal point in any locale, HVB_TEXT_NOTHING for NaN,
 * owned by the caller. */

/* Milliseconds without unit: "4.2", "70", "1322". */
char *hvb_text_ms(double ms);
/* A share (0 ... 1): "93 %"; "0 %" and "100 %" only if it is exactly so, else
 * "< 1 %" and "> 99 %". */
char *hvb_text_share(double share);
/* A percentage: "49.8 %". */
char *hvb_text_percent(double percent);
/* The same, or another number, where the unit is said elsewhere: "49.8". */
char *hvb_text_tenths(double number);

/* A figure of a comparison in its unit, three digits of it: "172 ms", "-3.40
 * points", "5.39 times", "0.98". */
char *hvb_text_figure(double figure, const char *unit);
/* An estimate with its interval: "1.7 (0.2 to 3.1)", or without one "1.7". */
char *hvb_text_interval(const HvbInterval *interval);
/* A duration: "48 s", "7 min 05 s", "1 h 15 min". */
char *hvb_text_duration(double seconds);

/* The delays of a bin (0 ... HVB_P3_BINS - 1), in ms: "50–100". */
char *hvb_text_bin(guint bin);

/* "Figure 9: One loaded guest, capped", or without a figure the title, or
 * without either the scenario's name. */
char *hvb_text_heading(const HvbP3 *p3);

/* Its operation, and from where that was timed unless the guest did: "open",
 * "open, client side". */
char *hvb_text_operation(const HvbP3 *p3);

/* The row of a P3's headline operation. */
const HvbP3Row *hvb_p3_headline(const HvbP3 *p3, const HvbP3Level *level);
/* Samples of the headline operation, all levels. */
guint hvb_p3_samples(const HvbP3 *p3);

#endif
