/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Source: one profile file as it stands, with the line of everything in it.
 *
 * GKeyFile reads it; the lines come from a scan of our own, since GKeyFile
 * keeps none. Names are checked here, values are not. */
#ifndef HVB_PROFILE_SOURCE_H
#define HVB_PROFILE_SOURCE_H

#include "hvbench/profile/profile.h"

/* A key with its value, or with `key` NULL a [group] line. */
typedef struct {
    char *group;
    char *key;
    char *raw;  /* the value as it stands in the file */
    char *text; /* the same without escapes and outer spaces; NULL: it has
                 * an escape that does not exist */
    guint line; /* from 1 */
} HvbSetting;

typedef struct {
    char *file;          /* as it was asked for, for messages */
    char *directory;     /* of the file; NULL if it is a text without one */
    GPtrArray *settings; /* HvbSetting *, in the order of the file */
} HvbSource;

/* Reads a regular file of at most 64 KiB, UTF-8 with or without a byte order
 * mark. Errors: NOT_FOUND if it cannot be read, SYNTAX (file:line) if it is no
 * key file, names a group or key that profiles do not know, or gives a key
 * twice. */
HvbSource *hvb_source_read(const char *file, GError **error);
/* The same from a text; `origin` stands for the file in messages. */
HvbSource *hvb_source_parse(const char *text, gsize length, const char *origin,
                            GError **error);
void hvb_source_free(HvbSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbSource, hvb_source_free)

/* The setting of `key` in `group`, or its [group] line for `key` NULL;
 * borrowed. NULL: there is none. */
const HvbSetting *hvb_source_find(const HvbSource *source, const char *group,
                                  const char *key);

/* Sets `error` to "file:line: [group] key = value: " and the message. */
void hvb_source_complain(const HvbSource *source, const HvbSetting *setting,
                         HvbProfileError code, GError **error,
                         const char *format, ...) G_GNUC_PRINTF(5, 6);

#endif
