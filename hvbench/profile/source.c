/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/source.h"

#include "hvbench/profile/input.h"
#include "hvbench/profile/keys.h"
#include "hvbench/profile/names.h"

#include <string.h>

#define MAX_SIZE (64 * 1024)
/* What editors on other systems put before a text. */
#define UTF8_MARK "\xef\xbb\xbf"
#define UTF16_LITTLE_MARK "\xff\xfe"
#define UTF16_BIG_MARK "\xfe\xff"

static void setting_free(gpointer data)
{
    HvbSetting *setting = data;

    g_free(setting->group);
    g_free(setting->key);
    g_free(setting->raw);
    g_free(setting->text);
    g_free(setting);
}

void hvb_source_free(HvbSource *source)
{
    if (!source)
        return;
    g_free(source->file);
    g_free(source->directory);
    g_ptr_array_unref(source->settings);
    g_free(source);
}

const HvbSetting *hvb_source_find(const HvbSource *source, const char *group,
                                  const char *key)
{
    for (guint i = 0; i < source->settings->len; i++) {
        const HvbSetting *setting = source->settings->pdata[i];
        if (strcmp(setting->group, group) == 0 &&
            g_strcmp0(setting->key, key) == 0)
            return setting;
    }
    return NULL;
}

void hvb_source_complain(const HvbSource *source, const HvbSetting *setting,
                         HvbProfileError code, GError **error,
                         const char *format, ...)
{
    g_autofree char *group = hvb_name_printable(setting->group);
    g_autofree char *key = hvb_name_printable(setting->key ? setting->key : "");
    g_autofree char *raw = hvb_name_printable(setting->raw ? setting->raw : "");
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (setting->key)
        g_set_error(error, HVB_PROFILE_ERROR, code, "%s:%u: [%s] %s = %s: %s",
                    source->file, setting->line, group, key, raw, message);
    else
        g_set_error(error, HVB_PROFILE_ERROR, code, "%s:%u: [%s]: %s",
                    source->file, setting->line, group, message);
}

static guint line_at(const char *text, gsize offset)
{
    guint line = 1;

    for (gsize i = 0; i < offset; i++)
        line += text[i] == '\n';
    return line;
}

static gboolean starts_with(const char *text, gsize length, const char *mark)
{
    return length >= strlen(mark) && memcmp(text, mark, strlen(mark)) == 0;
}

/* UTF-16 has a byte 0 with each Latin letter. */
static gboolean is_utf16(const char *text, gsize length)
{
    return starts_with(text, length, UTF16_LITTLE_MARK) ||
           starts_with(text, length, UTF16_BIG_MARK) ||
           (length >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

static gboolean check_is_text(const char *text, gsize length,
                              const char *origin, GError **error)
{
    const char *end;

    if (length > MAX_SIZE) {
        g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_SYNTAX,
                    "%s:1: not a profile: larger than %d KiB", origin,
                    MAX_SIZE / 1024);
        return FALSE;
    }
    if (!g_utf8_validate_len(text, length, &end)) {
        g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_SYNTAX,
                    "%s:%u: not a profile: byte 0x%02x is no UTF-8 text%s",
                    origin, line_at(text, end - text), (guchar)*end,
                    is_utf16(text, length)
                        ? ", and it looks like UTF-16: save it as UTF-8"
                        : "");
        return FALSE;
    }
    return TRUE;
}

/* Loads the first `n_lines` lines. GKeyFile reads line by line and stops at the
 * first bad one, so the shortest prefix that fails ends with it. */
static gboolean load_lines(const char *text, gsize length, guint n_lines,
                           GKeyFile *key_file, GError **error)
{
    gsize end = 0;

    for (guint line = 0; line < n_lines && end < length; line++) {
        const char *newline = memchr(text + end, '\n', length - end);
        end = newline ? (gsize)(newline - text) + 1 : length;
    }
    /* GLib takes no text of length 0. */
    return end == 0 || g_key_file_load_from_data(key_file, text, end,
                                                 G_KEY_FILE_NONE, error);
}

static void complain_of_line(const char *text, gsize length, const char *origin,
                             guint line, const GError *cause, GError **error)
{
    const char *start = text, *end;

    for (guint i = 1; i < line; i++)
        start = strchr(start, '\n') + 1;
    end = memchr(start, '\n', length - (gsize)(start - text));
    g_autofree char *whole =
        g_strndup(start, end ? (gsize)(end - start) : strlen(start));
    g_autofree char *shown = hvb_name_printable(g_strstrip(whole));
    gboolean early = g_error_matches(cause, G_KEY_FILE_ERROR,
                                     G_KEY_FILE_ERROR_GROUP_NOT_FOUND);
    g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_SYNTAX,
                "%s:%u: '%s': %s", origin, line, shown,
                early ? "stands before the first [group]"
                      : "neither a [group], nor key = value, nor a # comment");
}

static gboolean load_key_file(const char *text, gsize length,
                              const char *origin, GKeyFile *key_file,
                              GError **error)
{
    guint good = 0, bad = line_at(text, length) + 1;
    g_autoptr(GError) cause = NULL;

    if (load_lines(text, length, bad, key_file, &cause))
        return TRUE;
    while (bad - good > 1) {
        guint middle = good + (bad - good) / 2;
        g_autoptr(GKeyFile) scratch = g_key_file_new();
        if (load_lines(text, length, middle, scratch, NULL))
            good = middle;
        else
            bad = middle;
    }
    complain_of_line(text, length, origin, bad, cause, error);
    return FALSE;
}

static HvbSetting *setting_new(const char *group, guint line)
{
    HvbSetting *setting = g_new0(HvbSetting, 1);

    setting->group = g_strdup(group);
    setting->line = line;
    return setting;
}

/* The key's value without escapes and outer spaces; NULL if an escape is
 * unknown, which GLib reports beside the value. */
static char *unescaped(GKeyFile *key_file, const char *group, const char *key)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = g_key_file_get_string(key_file, group, key, &error);

    return error ? NULL : g_strdup(g_strstrip(text));
}

/* Finds what GKeyFile has found, by the same rules, line by line. */
static void scan(const char *text, GKeyFile *key_file, GPtrArray *settings)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autofree char *group = NULL;

    for (guint i = 0; lines[i]; i++) {
        char *line = g_strstrip(lines[i]);
        char *equals = strchr(line, '=');
        if (*line == '[' && g_str_has_suffix(line, "]")) {
            g_free(group);
            group = g_strndup(line + 1, strlen(line) - 2);
            g_ptr_array_add(settings, setting_new(group, i + 1));
        } else if (*line && *line != '#' && group && equals) {
            HvbSetting *setting = setting_new(group, i + 1);
            g_ptr_array_add(settings, setting);
            setting->raw = g_strstrip(g_strdup(equals + 1));
            *equals = '\0';
            setting->key = g_strdup(g_strchomp(line));
            setting->text = unescaped(key_file, group, setting->key);
        }
    }
}

/* What to do about an unknown word, given the nearest one known. */
static char *advice(const char *nearest)
{
    return nearest
               ? g_strdup_printf("did you mean '%s'?", nearest)
               : g_strdup("profiles/common.profile explains those there are");
}

static gboolean check_group(const HvbSource *source, const HvbSetting *setting,
                            GError **error)
{
    if (hvb_key_group_known(setting->group))
        return TRUE;
    if (g_str_has_prefix(setting->group, "guest ")) {
        hvb_source_complain(source, setting, HVB_PROFILE_ERROR_SYNTAX, error,
                            "expected a guest from [guest 1] to [guest %d]",
                            HVB_MAX_GUESTS);
    } else {
        g_autofree char *remedy = advice(hvb_key_nearest_group(setting->group));
        hvb_source_complain(source, setting, HVB_PROFILE_ERROR_SYNTAX, error,
                            "unknown group; %s", remedy);
    }
    return FALSE;
}

static gboolean check_key(const HvbSource *source, const HvbSetting *setting,
                          GError **error)
{
    const HvbSetting *first =
        hvb_source_find(source, setting->group, setting->key);
    g_autofree char *problem = NULL;

    if (!hvb_key_find(setting->group, setting->key)) {
        g_autofree char *remedy =
            advice(hvb_key_nearest(setting->group, setting->key));
        problem = g_strdup_printf("unknown key; %s", remedy);
    } else if (first != setting) {
        problem = g_strdup_printf("given a second time, first in line %u",
                                  first->line);
    } else if (!setting->text) {
        problem = g_strdup("expected no escapes but \\\\, \\s, \\t, \\n, \\r");
    } else {
        return TRUE;
    }
    hvb_source_complain(source, setting, HVB_PROFILE_ERROR_SYNTAX, error, "%s",
                        problem);
    return FALSE;
}

HvbSource *hvb_source_parse(const char *text, gsize length, const char *origin,
                            GError **error)
{
    g_autoptr(GKeyFile) key_file = g_key_file_new();
    g_autoptr(HvbSource) source = g_new0(HvbSource, 1);

    if (starts_with(text, length, UTF8_MARK)) {
        text += strlen(UTF8_MARK);
        length -= strlen(UTF8_MARK);
    }
    source->file = g_strdup(origin);
    source->settings = g_ptr_array_new_with_free_func(setting_free);
    if (!check_is_text(text, length, origin, error) ||
        !load_key_file(text, length, origin, key_file, error))
        return NULL;
    scan(text, key_file, source->settings);
    for (guint i = 0; i < source->settings->len; i++) {
        const HvbSetting *setting = source->settings->pdata[i];
        if (!(setting->key ? check_key(source, setting, error)
                           : check_group(source, setting, error)))
            return NULL;
    }
    return g_steal_pointer(&source);
}

HvbSource *hvb_source_read(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    g_autoptr(GError) cause = NULL;
    gsize length = 0;

    /* Never much more than the limit, however large the file is. */
    if (!hvb_input_read(file, MAX_SIZE + 1, &text, &length, &cause)) {
        g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_NOT_FOUND, "%s",
                    cause->message);
        return NULL;
    }
    HvbSource *source = hvb_source_parse(text, length, file, error);
    if (source) {
        /* Absolute: paths in the profile are taken from here. */
        g_autofree char *directory = g_path_get_dirname(file);
        source->directory = g_canonicalize_filename(directory, NULL);
    }
    return source;
}
