/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the two halves of the host's facts share: host.c has the machine's,
 * host-kernel.c what its kernel is set to. */
#ifndef HVB_BED_HOST_PRIVATE_H
#define HVB_BED_HOST_PRIVATE_H

#include <glib.h>

/* The text of `root`/`dir`/`file` without outer spaces; NULL: it cannot be
 * read. Caller frees. */
char *hvb_host_read(const char *root, const char *dir, const char *file);
/* The same as "on", if it begins with the character `on`, or "off". */
char *hvb_host_read_switch(const char *root, const char *dir, const char *file,
                           char on);
/* The entries of `root`/`dir` that begin with `prefix`, sorted (char *);
 * nothing if it cannot be read. */
GPtrArray *hvb_host_list(const char *root, const char *dir, const char *prefix);

/* Facts as in host.h, below `root`. NULL or "": unknown. Caller frees. */
char *hvb_host_distribution(const char *root);
char *hvb_host_boot_options(const char *root);
char *hvb_host_preemption(const char *root);
char *hvb_host_scheduler(const char *root);
char *hvb_host_hugepages(const char *root);
char *hvb_host_same_page_merging(const char *root);
char *hvb_host_mitigations(const char *root);

#endif
