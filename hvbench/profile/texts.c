/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What texts of each type look like in a profile. */
#include "hvbench/profile/values.h"

#include <string.h>

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

static gboolean parse_base(HvbInput *input, gpointer member G_GNUC_UNUSED)
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

static gboolean parse_name(HvbInput *input, gpointer member)
{
    if (!fits(input->key, input->text) || !consists_of(input->text, "-_"))
        return FALSE;
    replace_string(member, g_strdup(input->text));
    return TRUE;
}

static char *accepts_name(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("%s letters, digits, '-' or '_'", range);
}

static gboolean parse_word(HvbInput *input, gpointer member)
{
    if (!fits(input->key, input->text) || !consists_of(input->text, "-_."))
        return FALSE;
    replace_string(member, g_strdup(input->text));
    return TRUE;
}

static char *accepts_word(const HvbKey *key)
{
    g_autofree char *range = hvb_value_range(key);

    return g_strdup_printf("%s letters, digits, '-', '_' or '.'", range);
}

static gboolean parse_text(HvbInput *input, gpointer member)
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

static gboolean parse_path(HvbInput *input, gpointer member)
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

static gboolean parse_kernel(HvbInput *input, gpointer member)
{
    g_auto(GStrv) parts = hvb_value_split(input->text);

    if (strchr(input->text, '/'))
        return parse_path(input, member);
    for (guint i = 0; parts[i]; i++) {
        if (!*parts[i] || !consists_of(parts[i], "-_"))
            return FALSE;
    }
    if (!fits(input->key, input->text))
        return FALSE;
    replace_string(member, g_strjoinv(";", parts));
    return TRUE;
}

static char *accepts_kernel(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("a flavour's name, several with ';' between them, "
                    "or a path with a '/' in it");
}

static gboolean parse_image(HvbInput *input, gpointer member)
{
    return strchr(input->text, '/') ? parse_path(input, member)
                                    : parse_name(input, member);
}

static char *accepts_image(const HvbKey *key G_GNUC_UNUSED)
{
    return g_strdup("the name of an image that hvbench's source builds, a path "
                    "with a '/' in it, or nothing");
}

const HvbValueType hvb_text_types[HVB_N_KEY_TYPES] = {
    [HVB_KEY_BASE] = {parse_base, format_base, accepts_base},
    [HVB_KEY_NAME] = {parse_name, format_string, accepts_name},
    [HVB_KEY_WORD] = {parse_word, format_string, accepts_word},
    [HVB_KEY_TEXT] = {parse_text, format_string, accepts_text},
    [HVB_KEY_PATH] = {parse_path, format_string, accepts_path},
    [HVB_KEY_KERNEL] = {parse_kernel, format_string, accepts_kernel},
    [HVB_KEY_IMAGE] = {parse_image, format_string, accepts_image},
};
