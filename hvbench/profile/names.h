/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names: the words that stand for enum values in profiles, in the order of
 * the values, NULL at the end. */
#ifndef HVB_PROFILE_NAMES_H
#define HVB_PROFILE_NAMES_H

#include "hvbench/profile/profile.h"

extern const char *const hvb_level_names[HVB_N_LEVELS + 1];
extern const char *const hvb_operation_names[WIRE_N_OPERATIONS + 1];
extern const char *const hvb_accel_names[];
extern const char *const hvb_cap_scope_names[];
extern const char *const hvb_measured_names[];
extern const char *const hvb_affinity_names[];
extern const char *const hvb_hypervisor_choice_names[];
extern const char *const hvb_cache_names[];
extern const char *const hvb_reading_names[];
extern const char *const hvb_vantages_names[];
/* Of WIRE_METHOD_NICE and the methods after it. */
extern const char *const hvb_method_names[];

/* Index of `name`, in any case, in `names`; -1 if it is not there. */
int hvb_name_index(const char *const *names, const char *name);

/* The candidate that `word` was probably meant to be, borrowed; NULL if none
 * is near enough to ask "did you mean". */
const char *hvb_name_nearest(const char *const *names, const char *word);

/* `text` for a message: control characters as '?', a long one cut short.
 * Valid UTF-8 in, valid UTF-8 out. Caller frees. */
char *hvb_name_printable(const char *text);

/* What another program said, as one printable line: "; " between its lines, '?'
 * for what is no text. Any bytes in, valid UTF-8 out. Caller frees. */
char *hvb_name_line(const char *words);

#endif
