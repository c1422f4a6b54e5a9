/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: the table of all that a profile can say.
 *
 * Parsing, writing, defaults, ranges and error texts of every key derive from
 * its row. A row's member lies in a record: the HvbProfile, or for the keys
 * that each guest has (`per_guest`) an HvbGuestProfile. */
#ifndef HVB_PROFILE_KEYS_H
#define HVB_PROFILE_KEYS_H

#include "hvbench/profile/profile.h"

typedef enum {
    HVB_KEY_BASE,   /* no member: the profile to inherit from */
    HVB_KEY_NAME,   /* char *: letters, digits, '-', '_' */
    HVB_KEY_WORD,   /* char *: the same and '.' */
    HVB_KEY_TEXT,   /* char *: anything printable */
    HVB_KEY_PATH,   /* char *: made absolute; "" if there is none */
    HVB_KEY_KERNEL, /* char *: NAMEs with ';' between, or a path as above */
    HVB_KEY_IMAGE,  /* char *: NAME, or a path as above */
    HVB_KEY_BOOL,   /* gboolean */
    HVB_KEY_UINT,   /* guint, or an int that is not negative */
    HVB_KEY_UINT64, /* guint64, up to 2^53 - 1 */
    HVB_KEY_DOUBLE, /* double */
    HVB_KEY_CHOICE, /* enum: `min` and up, in the order of `choices` */
    HVB_KEY_LEVELS, /* gboolean[HVB_N_LEVELS] */
    HVB_KEY_USERS,  /* guint[HVB_N_LEVELS] */
    HVB_KEY_MIX,    /* guint[WIRE_N_OPERATIONS] */
    HVB_N_KEY_TYPES,
} HvbKeyType;

typedef struct {
    const char *group;
    const char *key;
    HvbKeyType type;
    gsize offset; /* of the member in its record */
    double min;   /* of a number, or of each in a list; of a text's length */
    double max;
    const char *fallback; /* the default, as a profile would say it */
    const char *what;     /* unit and meaning, for messages */
    const char *const *choices;
    gboolean per_guest; /* also a key of [guest N] */
    gboolean of_bed;    /* guests must be booted anew for another value */
} HvbKey;

/* All rows, grouped as a profile is written; the last has group NULL. */
extern const HvbKey hvb_keys[];

/* The row for `key` in `group`, which may be "guest N". NULL: no such key. */
const HvbKey *hvb_key_find(const char *group, const char *key);

/* Whether `group` is known: one of the table's, or a [guest N]. */
gboolean hvb_key_group_known(const char *group);

/* N of "guest N", 1 ... HVB_MAX_GUESTS; 0 for any other group. */
guint hvb_key_guest(const char *group);

/* The key or group that was probably meant; NULL if none is near. */
const char *hvb_key_nearest(const char *group, const char *key);
const char *hvb_key_nearest_group(const char *group);

/* Reads `text` into the row's member of `record`, whose old string is freed.
 * A relative path is taken from `directory` (NULL: the current one). On error
 * (VALUE) the message says what would be accepted and the member is as it was.
 */
gboolean hvb_key_parse(const HvbKey *key, const char *text,
                       const char *directory, gpointer record, GError **error);
/* Sets the member to the row's default. */
void hvb_key_reset(const HvbKey *key, gpointer record);
/* Frees what the member holds. */
void hvb_key_clear(const HvbKey *key, gpointer record);
/* Gives a record that is a plain copy of another its own copy of the member. */
void hvb_key_own(const HvbKey *key, gpointer record);
/* The member as a profile would say it, not escaped. Locale-independent and
 * exact. NULL for BASE. Caller frees. */
char *hvb_key_format(const HvbKey *key, gconstpointer record);
gboolean hvb_key_equal(const HvbKey *key, gconstpointer a, gconstpointer b);
/* Whether both have the same values of all keys that a guest has. */
gboolean hvb_key_same_guest(const HvbGuestProfile *a, const HvbGuestProfile *b);
/* Whether both boot the same: the keys that are `of_bed`, too. */
gboolean hvb_key_same_machine(const HvbGuestProfile *a,
                              const HvbGuestProfile *b);
/* Whether its kernel is a list of several. */
gboolean hvb_key_has_kernels(const HvbGuestProfile *guest);
/* Makes `to`, whatever plain bytes it holds, what guest `guest` (from 0) is
 * when only [guests] speaks of it, with strings of its own. */
void hvb_key_default_guest(HvbGuestProfile *to, const HvbGuestProfile *defaults,
                           guint guest);
/* Whether guest `guest` (from 0) is just that. */
gboolean hvb_key_is_default_guest(const HvbProfile *profile, guint guest);

#endif
