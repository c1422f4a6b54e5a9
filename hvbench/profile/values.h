/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values: how a member of each type is read and written. Only keys.h's
 * functions use it. */
#ifndef HVB_PROFILE_VALUES_H
#define HVB_PROFILE_VALUES_H

#include "hvbench/profile/keys.h"

/* A value to be read. `why` may say more than what the type accepts anyway. */
typedef struct {
    const HvbKey *key;
    const char *text;
    const char *directory; /* relative paths are taken from it; or NULL */
    char *why;             /* NULL, or owned by the caller then */
} HvbInput;

typedef struct {
    /* On failure the member is as it was. */
    gboolean (*parse)(HvbInput *input, gpointer member);
    /* The caller frees what both return. */
    char *(*format)(const HvbKey *key, gconstpointer member);
    char *(*accepts)(const HvbKey *key); /* for messages */
} HvbValueType;

/* The types that are texts, whose members are char *, and BASE; the others'
 * rows are empty. */
extern const HvbValueType hvb_text_types[HVB_N_KEY_TYPES];

/* "1 to 64", of the key's numbers or of a text's length. Caller frees. */
char *hvb_value_range(const HvbKey *key);

/* The parts of a list without the spaces around them; the one that a closing
 * separator leaves empty is dropped. Caller frees. */
GStrv hvb_value_split(const char *text);

#endif
