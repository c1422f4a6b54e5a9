/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fit: text in the room that a picture has for it. */
#ifndef HVB_REPORT_FIT_H
#define HVB_REPORT_FIT_H

#include <glib.h>

/* How wide the text is in DejaVu Sans, in heights of its font (em). The fonts
 * that another viewer may take for "sans-serif" are narrower. Of characters
 * beyond the Latin ones it is the most that they may take. */
double hvb_fit_width_em(const char *text);

/* The text if it fits into `room_px` at this size of font, else what fits of
 * its beginning and an ellipsis. Caller frees. */
char *hvb_fit(const char *text, double room_px, double font_px);

#endif
