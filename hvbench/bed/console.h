/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Console: what a guest's kernel said, when it is asked why it died. */
#ifndef HVB_BED_CONSOLE_H
#define HVB_BED_CONSOLE_H

#include <glib.h>

/* One paragraph: whether the kernel panicked and with which words, the console
 * file (named `shown_as`) and its last lines, made printable. Never fails: an
 * unreadable file is said to be so. The caller frees the text. */
char *hvb_console_explain(const char *path, const char *shown_as);

#endif
