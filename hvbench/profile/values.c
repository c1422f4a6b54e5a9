/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the members of each type look like in a profile; the texts' are in
 * texts.c. */
#include "hvbench/profile/values.h"

#include "hvbench/profile/names.h"

#include <math.h>
#include <string.h>

static char *number_text(double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    /* What a person would have written, if that is the same number. */
    g_ascii_formatd(buffer, sizeof buffer, "%.15g", number);
    if (g_ascii_strtod(buffer, NULL) != number)
        g_ascii_dtostr(buffer, sizeof buffer, number);
    return g_strdup(buffer);
}

char *hvb_value_range(const HvbKey *key)
{
    g_autofree char *min = number_text(key->min);
    g_autofree char *max = number_text(key->max);

    return g_strdup_printf("%s to %s", min, max);
}

GStrv hvb_value_split(const char *text)
{
    GStrv parts = g_strsplit_set(text, ";,", -1);
    guint n = g_strv_length(parts);

    for (guint i = 0; i < n; i++)
        g_strstrip(parts[i]);
    if (n > 0 && !*parts[n - 1])
        g_clear_pointer(&parts[n - 1], g_free);
    return parts;
}

static gboolean parse_bool(HvbInput *input, gpointer member)
{
    static const char *const names[] = {"no", "yes", "false", "true", NULL};
    int i = hvb_name_index(names, input->text);

    if (i >= 0)
        *(gboolean *)member = i % 2;
    return i >= 0;
}

static char *format_bool(const HvbKey *key G_GNUC_UNUSED, gconstpointer member)
{
    return g_strdup(*(const gboolean *)member ? "yes" : "no");
}

static char *accepts_bool(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("yes or no");
}

static gboolean read_whole(const HvbKey *key, const char *text, guint64 *ret)
{
    return g_ascii_string_to_unsigned(text, 10, (guint64)key->min,
                                      (guint64)key->max, ret, NULL);
}

static gboolean parse_uint(HvbInput *input, gpointer member)
{
    guint64 number;

    if (!read_whole(input->key, input->text, &number))
        return FALSE;
    *(guint *)member = (guint)number;
    return TRUE;
}

static char *format_uint(const HvbKey *key G_GNUC_UNUSED, gconstpointer member)
{
    return g_strdup_printf("%u", *(const guint *)member);
}

static gboolean parse_uint64(HvbInput *input, gpointer member)
{
    return read_whole(input->key, input->text, member);
}

static char *format_uint64(const HvbKey *key G_GNUC_UNUSED,
                           gconstpointer member)
{
    return g_strdup_printf("%" G_GUINT64_FORMAT, *(const guint64 *)member);
}

static char *accepts_whole(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("a whole number from %s", range);
}

static gboolean parse_double(HvbInput *input, gpointer member)
{
    char *end;
    /* strtod would also take hexadecimal, "inf" and "nan". */
    gboolean plain = *input->text && strspn(input->text, "+-.0123456789eE") ==
                                         strlen(input->text);
    double number = g_ascii_strtod(input->text, &end);

    if (!plain || *end || end == input->text || !isfinite(number) ||
        number < input->key->min || number > input->key->max)
        return FALSE;
    *(double *)member = number;
    return TRUE;
}

static char *format_double(const HvbKey *key G_GNUC_UNUSED,
                           gconstpointer member)
{
    return number_text(*(const double *)member);
}

static char *accepts_double(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("a number from %s", range);
}

static gboolean parse_choice(HvbInput *input, gpointer member)
{
    int i = hvb_name_index(input->key->choices, input->text);

    if (i >= 0)
        *(guint *)member = (guint)input->key->min + (guint)i;
    return i >= 0;
}

static char *format_choice(const HvbKey *key, gconstpointer member)
{
    return g_strdup(key->choices[*(const guint *)member - (guint)key->min]);
}

static char *accepts_choice(const HvbKey *key)
{
    g_autofree char *names = g_strjoinv(", ", (GStrv)key->choices);

    return g_strdup_printf("one of %s", names);
}

static gboolean parse_levels(HvbInput *input, gpointer member)
{
    g_auto(GStrv) parts = hvb_value_split(input->text);
    gboolean levels[HVB_N_LEVELS] = {0};

    for (guint i = 0; parts[i]; i++) {
        HvbLevel level;
        if (!hvb_level_from_name(parts[i], &level)) {
            g_autofree char *part = hvb_name_printable(parts[i]);
            input->why = g_strdup_printf("no level '%s'", part);
            return FALSE;
        }
        levels[level] = TRUE;
    }
    if (!parts[0])
        return FALSE;
    memcpy(member, levels, sizeof levels);
    return TRUE;
}

static char *format_levels(const HvbKey *key G_GNUC_UNUSED,
                           gconstpointer member)
{
    const gboolean *levels = member;
    GString *text = g_string_new(NULL);

    for (int i = 0; i < HVB_N_LEVELS; i++) {
        if (levels[i])
            g_string_append_printf(text, "%s%s", text->len ? ";" : "",
                                   hvb_level_names[i]);
    }
    return g_string_free(text, FALSE);
}

static char *accepts_levels(const HvbKey *key G_GNUC_UNUSED)
{
    g_autofree char *names = g_strjoinv(", ", (GStrv)hvb_level_names);

    return g_strdup_printf("one or more of %s", names);
}

static gboolean parse_users(HvbInput *input, gpointer member)
{
    g_auto(GStrv) parts = hvb_value_split(input->text);
    guint users[HVB_N_LEVELS];

    if (g_strv_length(parts) != HVB_N_LEVELS)
        return FALSE;
    for (int i = 0; i < HVB_N_LEVELS; i++) {
        guint64 number;
        if (!read_whole(input->key, parts[i], &number))
            return FALSE;
        users[i] = (guint)number;
    }
    memcpy(member, users, sizeof users);
    return TRUE;
}

static char *format_users(const HvbKey *key G_GNUC_UNUSED, gconstpointer member)
{
    const guint *users = member;
    GString *text = g_string_new(NULL);

    for (int i = 0; i < HVB_N_LEVELS; i++)
        g_string_append_printf(text, "%s%u", i > 0 ? ";" : "", users[i]);
    return g_string_free(text, FALSE);
}

static char *accepts_users(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("%d whole numbers from %s, one for each level from "
                           "None to Overload",
                           HVB_N_LEVELS, range);
}

static gboolean parse_mix(HvbInput *input, gpointer member)
{
    g_auto(GStrv) parts = hvb_value_split(input->text);
    guint mix[WIRE_N_OPERATIONS] = {0};
    gboolean given[WIRE_N_OPERATIONS] = {0};

    for (guint i = 0; parts[i]; i++) {
        char *colon = strchr(parts[i], ':');
        guint64 number;
        WireOperation operation;
        if (!colon || !read_whole(input->key, colon + 1, &number))
            return FALSE;
        *colon = '\0';
        if (!hvb_operation_from_name(parts[i], &operation))
            return FALSE;
        if (given[operation]) {
            input->why = g_strdup_printf("'%s' is given twice", parts[i]);
            return FALSE;
        }
        given[operation] = TRUE;
        mix[operation] = (guint)number;
    }
    memcpy(member, mix, sizeof mix);
    return parts[0] != NULL;
}

static char *format_mix(const HvbKey *key G_GNUC_UNUSED, gconstpointer member)
{
    const guint *mix = member;
    GString *text = g_string_new(NULL);

    for (int i = 0; i < WIRE_N_OPERATIONS; i++)
        g_string_append_printf(text, "%s%s:%u", i > 0 ? ";" : "",
                               hvb_operation_names[i], mix[i]);
    return g_string_free(text, FALSE);
}

static char *accepts_mix(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("shares from %s, such as key:4;open:5;launch:1",
                           range);
}

/* Those that are no text. */
static const HvbValueType types[HVB_N_KEY_TYPES] = {
    [HVB_KEY_BOOL] = {parse_bool, format_bool, accepts_bool},
    [HVB_KEY_UINT] = {parse_uint, format_uint, accepts_whole},
    [HVB_KEY_UINT64] = {parse_uint64, format_uint64, accepts_whole},
    [HVB_KEY_DOUBLE] = {parse_double, format_double, accepts_double},
    [HVB_KEY_CHOICE] = {parse_choice, format_choice, accepts_choice},
    [HVB_KEY_LEVELS] = {parse_levels, format_levels, accepts_levels},
    [HVB_KEY_USERS] = {parse_users, format_users, accepts_users},
    [HVB_KEY_MIX] = {parse_mix, format_mix, accepts_mix},
};

static gpointer member_of(const HvbKey *key, gpointer record)
{
    return (char *)record + key->offset;
}

static const HvbValueType *type_of(const HvbKey *key)
{
    const HvbValueType *text = &hvb_text_types[key->type];

    return text->parse ? text : &types[key->type];
}

static gboolean holds_string(const HvbKey *key)
{
    return hvb_text_types[key->type].parse && key->type != HVB_KEY_BASE;
}

gboolean hvb_key_parse(const HvbKey *key, const char *text,
                       const char *directory, gpointer record, GError **error)
{
    HvbInput input = {key, text, directory, NULL};

    if (type_of(key)->parse(&input, member_of(key, record)))
        return TRUE;
    g_autofree char *why = input.why;
    g_autofree char *accepts = type_of(key)->accepts(key);
    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "%s%sexpected %s (%s)", why ? why : "", why ? "; " : "",
                accepts, key->what);
    return FALSE;
}

void hvb_key_clear(const HvbKey *key, gpointer record)
{
    char **member = member_of(key, record);

    if (holds_string(key))
        g_clear_pointer(member, g_free);
}

void hvb_key_reset(const HvbKey *key, gpointer record)
{
    HvbInput input = {key, key->fallback, NULL, NULL};
    gpointer member = member_of(key, record);

    if (key->type == HVB_KEY_BASE)
        return;
    hvb_key_clear(key, record);
    if (!*key->fallback)
        *(char **)member = g_strdup("");
    else if (!type_of(key)->parse(&input, member))
        g_error("default of [%s] %s: %s", key->group, key->key, key->fallback);
}

void hvb_key_own(const HvbKey *key, gpointer record)
{
    char **member = member_of(key, record);

    if (holds_string(key))
        *member = g_strdup(*member);
}

char *hvb_key_format(const HvbKey *key, gconstpointer record)
{
    return type_of(key)->format(key, (const char *)record + key->offset);
}
