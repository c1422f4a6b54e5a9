/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the members of each type look like in a profile. */
#include "hvbench/profile/keys.h"
#include "hvbench/profile/names.h"

#include <math.h>
#include <string.h>

/* A value to be read. `why` may say more than what the type accepts anyway. */
typedef struct {
    const HvbKey *key;
    const char *text;
    const char *directory;
    char *why;
} Input;
/* On failure the member is as it was. */
typedef gboolean (*ParseFunc)(Input *input, gpointer member);
typedef char *(*FormatFunc)(const HvbKey *key, gconstpointer member);
typedef char *(*AcceptsFunc)(const HvbKey *key);

static char *number_text(double number)
{
    char buffer[G_ASCII_DTOSTR_BUF_SIZE];

    /* What a person would have written, if that is the same number. */
    g_ascii_formatd(buffer, sizeof buffer, "%.15g", number);
    if (g_ascii_strtod(buffer, NULL) != number)
        g_ascii_dtostr(buffer, sizeof buffer, number);
    return g_strdup(buffer);
}

static char *range_text(const HvbKey *key)
{
    g_autofree char *min = number_text(key->min);
    g_autofree char *max = number_text(key->max);

    return g_strdup_printf("%s to %s", min, max);
}

static void replace_string(char **member, char *text)
{
    g_free(*member);
    *member = text;
}

static gboolean consists_of(const char *text, const char *others)
{
    for (const char *c = text; *c; c++) {
        if (!g_ascii_isalnum(*c) && !strchr(others, *c))
            return FALSE;
    }
    return TRUE;
}

static gboolean is_printable(const char *text)
{
    for (const char *c = text; *c; c = g_utf8_next_char(c)) {
        if (!g_unichar_isprint(g_utf8_get_char(c)))
            return FALSE;
    }
    return TRUE;
}

static gboolean fits(const HvbKey *key, const char *text)
{
    double length = (double)strlen(text);

    return length >= key->min && length <= key->max;
}

static gboolean parse_base(Input *input, gpointer member G_GNUC_UNUSED)
{
    return fits(input->key, input->text) && is_printable(input->text);
}

static char *format_base(const HvbKey *key G_GNUC_UNUSED,
                         gconstpointer member G_GNUC_UNUSED)
{
    return NULL;
}

static char *accepts_base(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("a profile's name or path");
}

static char *format_string(const HvbKey *key G_GNUC_UNUSED,
                           gconstpointer member)
{
    return g_strdup(*(char *const *)member);
}

static gboolean parse_name(Input *input, gpointer member)
{
    if (!fits(input->key, input->text) || !consists_of(input->text, "-_"))
        return FALSE;
    replace_string(member, g_strdup(input->text));
    return TRUE;
}

static char *accepts_name(const HvbKey *key)
{
    g_autofree char *range = range_text(key);

    return g_strdup_printf("%s letters, digits, '-' or '_'", range);
}

static gboolean parse_word(Input *input, gpointer member)
{
    if (!fits(input->key, input->text) || !consists_of(input->text, "-_."))
        return FALSE;
    replace_string(member, g_strdup(input->text));
    return TRUE;
}

static char *accepts_word(const HvbKey *key)
{
    g_autofree char *range = range_text(key);

    return g_strdup_printf("%s letters, digits, '-', '_' or '.'", range);
}

static gboolean parse_text(Input *input, gpointer member)
{
    if (!fits(input->key, input->text) || !is_printable(input->text))
        return FALSE;
    replace_string(member, g_strdup(input->text));
    return TRUE;
}

static char *accepts_text(const HvbKey *key)
{
    return g_strdup_printf("one line of at most %.0f printable bytes",
                           key->max);
}

static gboolean parse_path(Input *input, gpointer member)
{
    if (!fits(input->key, input->text) || !is_printable(input->text) ||
        (*input->text && !strchr(input->text, '/')))
        return FALSE;
    replace_string(member,
                   *input->text
                       ? g_canonicalize_filename(input->text, input->directory)
                       : g_strdup(""));
    return TRUE;
}

static char *accepts_path(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("a path with a '/' in it, or nothing");
}

static gboolean parse_kernel(Input *input, gpointer member)
{
    return strchr(input->text, '/') ? parse_path(input, member)
                                    : parse_name(input, member);
}

static char *accepts_kernel(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("a flavour's name, or a path with a '/' in it");
}

static gboolean parse_bool(Input *input, gpointer member)
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

static gboolean parse_uint(Input *input, gpointer member)
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

static gboolean parse_uint64(Input *input, gpointer member)
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
    g_autofree char *range = range_text(key);

    return g_strdup_printf("a whole number from %s", range);
}

static gboolean parse_double(Input *input, gpointer member)
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
    g_autofree char *range = range_text(key);

    return g_strdup_printf("a number from %s", range);
}

static gboolean parse_choice(Input *input, gpointer member)
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

/* The parts of a list without the spaces around them; the one that a closing
 * separator leaves empty is dropped. */
static GStrv split_list(const char *text)
{
    GStrv parts = g_strsplit_set(text, ";,", -1);
    guint n = g_strv_length(parts);

    for (guint i = 0; i < n; i++)
        g_strstrip(parts[i]);
    if (n > 0 && !*parts[n - 1])
        g_clear_pointer(&parts[n - 1], g_free);
    return parts;
}

static gboolean parse_levels(Input *input, gpointer member)
{
    g_auto(GStrv) parts = split_list(input->text);
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

static gboolean parse_users(Input *input, gpointer member)
{
    g_auto(GStrv) parts = split_list(input->text);
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
    g_autofree char *range = range_text(key);

    return g_strdup_printf("%d whole numbers from %s, one for each level from "
                           "None to Overload",
                           HVB_N_LEVELS, range);
}

static gboolean parse_mix(Input *input, gpointer member)
{
    g_auto(GStrv) parts = split_list(input->text);
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
    g_autofree char *range = range_text(key);

    return g_strdup_printf("shares from %s, such as key:4;open:5;launch:1",
                           range);
}

static const struct {
    ParseFunc parse;
    FormatFunc format;
    AcceptsFunc accepts;
} types[HVB_N_KEY_TYPES] = {
    [HVB_KEY_BASE] = {parse_base, format_base, accepts_base},
    [HVB_KEY_NAME] = {parse_name, format_string, accepts_name},
    [HVB_KEY_WORD] = {parse_word, format_string, accepts_word},
    [HVB_KEY_TEXT] = {parse_text, format_string, accepts_text},
    [HVB_KEY_PATH] = {parse_path, format_string, accepts_path},
    [HVB_KEY_KERNEL] = {parse_kernel, format_string, accepts_kernel},
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

static gboolean holds_string(const HvbKey *key)
{
    return types[key->type].format == format_string;
}

gboolean hvb_key_parse(const HvbKey *key, const char *text,
                       const char *directory, gpointer record, GError **error)
{
    Input input = {key, text, directory, NULL};

    if (types[key->type].parse(&input, member_of(key, record)))
        return TRUE;
    g_autofree char *why = input.why;
    g_autofree char *accepts = types[key->type].accepts(key);
    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_VALUE,
                "%s%sexpected %s (%s)", why ? why : "", why ? "; " : "",
                accepts, key->what);
    return FALSE;
}

void hvb_key_reset(const HvbKey *key, gpointer record)
{
    Input input = {key, key->fallback, NULL, NULL};

    if (key->type == HVB_KEY_BASE)
        return;
    if (!*key->fallback)
        replace_string(member_of(key, record), g_strdup(""));
    else if (!types[key->type].parse(&input, member_of(key, record)))
        g_error("default of [%s] %s: %s", key->group, key->key, key->fallback);
}

void hvb_key_clear(const HvbKey *key, gpointer record)
{
    if (holds_string(key))
        replace_string(member_of(key, record), NULL);
}

char *hvb_key_format(const HvbKey *key, gconstpointer record)
{
    return types[key->type].format(key, (const char *)record + key->offset);
}

gboolean hvb_key_equal(const HvbKey *key, gconstpointer a, gconstpointer b)
{
    g_autofree char *text_a = hvb_key_format(key, a);
    g_autofree char *text_b = hvb_key_format(key, b);

    return g_strcmp0(text_a, text_b) == 0;
}
