/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loading: a chain of sources, each the base of the one before, is laid one
 * over the other, base first. */
#include "hvbench/profile/check.h"
#include "hvbench/profile/keys.h"
#include "hvbench/profile/names.h"
#include "hvbench/profile/source.h"

#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".profile"

GQuark hvb_profile_error_quark(void)
{
    return g_quark_from_static_string("hvb-profile-error-quark");
}

void hvb_profile_free(HvbProfile *profile)
{
    if (!profile)
        return;
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (!key->per_guest) {
            hvb_key_clear(key, profile);
            continue;
        }
        hvb_key_clear(key, &profile->guest_defaults);
        for (guint i = 0; i < HVB_MAX_GUESTS; i++)
            hvb_key_clear(key, &profile->guests[i]);
    }
    g_free(profile->path);
    g_free(profile);
}

static void reset_group(HvbProfile *profile, const char *group)
{
    for (const HvbKey *key = hvb_keys; key->group; key++) {
        if (!group || strcmp(key->group, group) == 0)
            hvb_key_reset(key, key->per_guest
                                   ? (gpointer)&profile->guest_defaults
                                   : (gpointer)profile);
    }
}

static gboolean apply(const HvbSource *source, const HvbSetting *setting,
                      gpointer record, GError **error)
{
    const HvbKey *key = hvb_key_find(setting->group, setting->key);
    g_autoptr(GError) cause = NULL;

    if (hvb_key_parse(key, setting->text, source->directory, record, &cause))
        return TRUE;
    hvb_source_complain(source, setting, HVB_PROFILE_ERROR_VALUE, error, "%s",
                        cause->message);
    return FALSE;
}

/* Everything but the [guest N] groups. */
static gboolean apply_common(HvbProfile *profile, const HvbSource *source,
                             GError **error)
{
    for (guint i = 0; i < source->settings->len; i++) {
        const HvbSetting *setting = source->settings->pdata[i];
        if (!setting->key || hvb_key_guest(setting->group) > 0)
            continue;
        const HvbKey *key = hvb_key_find(setting->group, setting->key);
        if (!apply(source, setting,
                   key->per_guest ? (gpointer)&profile->guest_defaults
                                  : (gpointer)profile,
                   error))
            return FALSE;
    }
    return TRUE;
}

static gboolean apply_guests(HvbProfile *profile, const HvbSource *source,
                             GError **error)
{
    for (guint i = 0; i < source->settings->len; i++) {
        const HvbSetting *setting = source->settings->pdata[i];
        guint guest = hvb_key_guest(setting->group);
        if (guest > profile->n_guests) {
            hvb_source_complain(source, setting, HVB_PROFILE_ERROR_VALUE, error,
                                "there is no guest %u: [guests] count is %u",
                                guest, profile->n_guests);
            return FALSE;
        }
        if (guest > 0 && setting->key &&
            !apply(source, setting, &profile->guests[guest - 1], error))
            return FALSE;
    }
    return TRUE;
}

/* `sources` from the file that was asked for to the innermost base. */
static HvbProfile *build(GPtrArray *sources, GError **error)
{
    g_autoptr(HvbProfile) profile = g_new0(HvbProfile, 1);
    const HvbSource *outermost = sources->pdata[0];

    profile->path = g_strdup(outermost->file);
    reset_group(profile, NULL);
    for (guint i = sources->len; i-- > 0;) {
        reset_group(profile, "scenario");
        if (!apply_common(profile, sources->pdata[i], error))
            return NULL;
    }
    for (guint i = 0; i < HVB_MAX_GUESTS; i++)
        hvb_key_default_guest(&profile->guests[i], &profile->guest_defaults, i);
    for (guint i = sources->len; i-- > 0;) {
        if (!apply_guests(profile, sources->pdata[i], error))
            return NULL;
    }
    if (!hvb_profile_check(profile, sources, error))
        return NULL;
    return g_steal_pointer(&profile);
}

static char *with_suffix(const char *name)
{
    return g_str_has_suffix(name, SUFFIX) ? g_strdup(name)
                                          : g_strconcat(name, SUFFIX, NULL);
}

static gboolean is_file(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) &&
           !g_file_test(path, G_FILE_TEST_IS_DIR);
}

/* The shipped profile's path, or NULL. */
static char *find_shipped(const char *name)
{
    g_autofree char *dir = hvb_profile_dir();
    g_autofree char *file = with_suffix(name);
    g_autofree char *path = g_build_filename(dir, "profiles", file, NULL);

    return is_file(path) ? g_steal_pointer(&path) : NULL;
}

/* "...; shipped are fig03, fig05", and what may have been meant. */
static char *shipped_text(const char *name)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) names = hvb_profile_list(&error);

    if (!names)
        return g_strdup(error->message);
    g_autofree char *all = g_strjoinv(", ", names);
    const char *nearest = hvb_name_nearest((const char *const *)names, name);
    return g_strdup_printf("shipped are %s%s%s%s", all,
                           nearest ? "; did you mean " : "",
                           nearest ? nearest : "", nearest ? "?" : "");
}

/* `name` as seen from the file `source`. */
static char *beside(const HvbSource *source, const char *name)
{
    return g_path_is_absolute(name)
               ? g_strdup(name)
               : g_build_filename(source->directory, name, NULL);
}

/* A path is a path, whose file may lack the ending; a name is one of the
 * profiles beside the source or shipped, and only then of any other file. NULL:
 * there is none of these. */
static char *look_up_base(const HvbSource *source, const char *name)
{
    g_autofree char *file = with_suffix(name);
    g_autofree char *plain = beside(source, name);
    g_autofree char *suffixed = beside(source, file);
    gboolean is_path = strchr(name, '/') != NULL;
    g_autofree char *shipped = is_path ? NULL : find_shipped(name);

    if (is_path && is_file(plain))
        return g_steal_pointer(&plain);
    if (is_file(suffixed))
        return g_steal_pointer(&suffixed);
    if (shipped)
        return g_steal_pointer(&shipped);
    return is_file(plain) ? g_steal_pointer(&plain) : NULL;
}

static char *find_base(const HvbSource *source, const HvbSetting *setting,
                       GError **error)
{
    g_autofree char *found = look_up_base(source, setting->text);

    if (!found) {
        g_autofree char *plain = beside(source, setting->text);
        gboolean is_whole = g_str_has_suffix(setting->text, SUFFIX);
        g_autofree char *others = shipped_text(setting->text);
        hvb_source_complain(source, setting, HVB_PROFILE_ERROR_NOT_FOUND, error,
                            "no such profile: no file %s%s; %s", plain,
                            is_whole ? "" : "[" SUFFIX "]", others);
    }
    return g_steal_pointer(&found);
}

static gboolean is_same_file(const char *a, const char *b)
{
    struct stat status_a, status_b;

    return stat(a, &status_a) == 0 && stat(b, &status_b) == 0 &&
           status_a.st_dev == status_b.st_dev &&
           status_a.st_ino == status_b.st_ino;
}

/* Adds the base of the last source, if it names one. `ret_more` is FALSE once
 * the chain is complete. */
static gboolean add_base(GPtrArray *sources, gboolean *ret_more, GError **error)
{
    const HvbSource *source = sources->pdata[sources->len - 1];
    const HvbSetting *setting = hvb_source_find(source, "scenario", "base");

    *ret_more = setting != NULL;
    if (!setting)
        return TRUE;
    if (!source->directory || !*setting->text) {
        hvb_source_complain(source, setting, HVB_PROFILE_ERROR_VALUE, error,
                            source->directory
                                ? "expected a profile's name or path"
                                : "a text that is no file has no base");
        return FALSE;
    }
    g_autofree char *file = find_base(source, setting, error);
    if (!file)
        return FALSE;
    for (guint i = 0; i < sources->len; i++) {
        if (is_same_file(((HvbSource *)sources->pdata[i])->file, file)) {
            hvb_source_complain(source, setting, HVB_PROFILE_ERROR_VALUE, error,
                                "%s would be its own base", file);
            return FALSE;
        }
    }
    HvbSource *base = hvb_source_read(file, error);
    if (base)
        g_ptr_array_add(sources, base);
    return base != NULL;
}

static HvbProfile *load_chain(HvbSource *outermost, GError **error)
{
    g_autoptr(GPtrArray) sources =
        g_ptr_array_new_with_free_func((GDestroyNotify)hvb_source_free);
    gboolean more = TRUE;

    g_ptr_array_add(sources, outermost);
    while (more) {
        if (!add_base(sources, &more, error))
            return NULL;
    }
    return build(sources, error);
}

HvbProfile *hvb_profile_load(const char *name, GError **error)
{
    g_autofree char *shipped = NULL;

    if (!strchr(name, '/') && !is_file(name)) {
        shipped = find_shipped(name);
        if (!shipped) {
            g_autofree char *others = shipped_text(name);
            g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_NOT_FOUND,
                        "%s: no such profile, neither a file nor shipped; %s",
                        name, others);
            return NULL;
        }
    }
    HvbSource *source = hvb_source_read(shipped ? shipped : name, error);
    return source ? load_chain(source, error) : NULL;
}

HvbProfile *hvb_profile_from_text(const char *text, const char *origin,
                                  GError **error)
{
    HvbSource *source = hvb_source_parse(text, strlen(text), origin, error);

    return source ? load_chain(source, error) : NULL;
}

/* A file that cannot be read is listed: loading it tells why. */
static gboolean is_base_only(const char *path)
{
    g_autoptr(HvbSource) source = hvb_source_read(path, NULL);

    return source && !hvb_source_find(source, "scenario", "name");
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GStrv hvb_profile_list(GError **error)
{
    g_autofree char *root = hvb_profile_dir();
    g_autofree char *path = g_build_filename(root, "profiles", NULL);
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) dir = g_dir_open(path, 0, &cause);
    const char *file;

    if (!dir) {
        g_set_error(error, HVB_PROFILE_ERROR, HVB_PROFILE_ERROR_NOT_FOUND,
                    "the shipped profiles: %s; set HVBENCH_DATA_DIR to the "
                    "directory that has profiles/",
                    cause->message);
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new();
    while ((file = g_dir_read_name(dir))) {
        g_autofree char *whole = g_build_filename(path, file, NULL);
        if (g_str_has_suffix(file, SUFFIX) && !is_base_only(whole))
            g_ptr_array_add(names,
                            g_strndup(file, strlen(file) - strlen(SUFFIX)));
    }
    g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (GStrv)g_ptr_array_free(names, FALSE);
}
