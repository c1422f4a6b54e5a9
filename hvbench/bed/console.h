/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Console: what a guest's kernel said, when it is asked why it died. */
#ifndef HVB_BED_CONSOLE_H
#define HVB_BED_CONSOLE_H

#include <glib.h>

/* Where the console of `guest` may be kept in `dir` without replacing that of
 * an earlier boot: guest3.log, then guest3.2.log and so on. Caller frees. */
char *hvb_console_new_path(const char *dir, const char *guest);

/* Whether the file can be read and there is nothing in it but white space. */
gboolean hvb_console_is_empty(const char *path);

/* One paragraph: whether the kernel panicked and with which words, the console
 * file (named `shown_as`) and its last lines, made printable. Never fails: an
 * unreadable file is said to be so. The caller frees the text. */
char *hvb_console_explain(const char *path, const char *shown_as);

/* Copies the console of `guest`, which is QEMU's file, to `kept` as one of this
 * user's, and makes its directory. What goes wrong is warned about. */
void hvb_console_keep(const char *path, const char *kept, const char *guest);

#endif
