/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/console.h"

#include "hvbench/profile/input.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LAST_LINES 6
/* The end of a console says it all; a guest may have written gigabytes. */
#define TAIL_BYTES 16384

char *hvb_console_new_path(const char *dir, const char *guest)
{
    g_autofree char *first = g_strdup_printf("%s.log", guest);
    char *path = g_build_filename(dir, first, NULL);

    for (guint n = 2; g_file_test(path, G_FILE_TEST_EXISTS); n++) {
        g_free(path);
        path = g_strdup_printf("%s/%s.%u.log", dir, guest, n);
    }
    return path;
}

static char *read_tail(const char *path)
{
    g_autofree char *tail = g_malloc0(TAIL_BYTES + 1);
    int fd = hvb_input_open(path, NULL);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;

    if (!file) {
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    if (fseek(file, -TAIL_BYTES, SEEK_END) != 0)
        rewind(file);
    gsize n = fread(tail, 1, TAIL_BYTES, file);
    fclose(file);
    for (gsize i = 0; i < n; i++)
        if (!g_ascii_isprint(tail[i]) && tail[i] != '\n')
            tail[i] = tail[i] == '\r' ? ' ' : '?';
    return g_steal_pointer(&tail);
}

gboolean hvb_console_is_empty(const char *path)
{
    g_autofree char *tail = read_tail(path);

    return tail && !*g_strchomp(tail);
}

char *hvb_console_explain(const char *path, const char *shown_as)
{
    g_autofree char *tail = read_tail(path);
    GString *text = g_string_new(NULL);

    if (!tail) {
        g_string_printf(text, "its console %s cannot be read", shown_as);
        return g_string_free(text, FALSE);
    }
    g_strchomp(tail);
    const char *panic = strstr(tail, "Kernel panic");
    if (panic) {
        gsize length = strcspn(panic, "\n");
        while (length > 0 && panic[length - 1] == ' ')
            length--;
        g_string_append_printf(text, "%.*s; ", (int)length, panic);
    }
    if (!*tail) {
        g_string_append_printf(text, "its console %s is empty", shown_as);
        return g_string_free(text, FALSE);
    }
    g_auto(GStrv) lines = g_strsplit(tail, "\n", 0);
    guint n = g_strv_length(lines);
    g_string_append_printf(text, "its console %s ends:", shown_as);
    for (guint i = n > LAST_LINES ? n - LAST_LINES : 0; i < n; i++)
        g_string_append_printf(text, "\n    %s", g_strchomp(lines[i]));
    return g_string_free(text, FALSE);
}

void hvb_console_keep(const char *path, const char *kept, const char *guest)
{
    g_autoptr(GFile) from = g_file_new_for_path(path);
    g_autoptr(GFile) to = g_file_new_for_path(kept);
    g_autofree char *dir = g_path_get_dirname(kept);
    g_autoptr(GError) error = NULL;

    if (g_mkdir_with_parents(dir, 0755) != 0 ||
        !g_file_copy(from, to, G_FILE_COPY_NONE, NULL, NULL, NULL, &error))
        g_warning("cannot keep the console of %s: %s", guest,
                  error ? error->message : dir);
    else if (chown(kept, geteuid(), getegid()) != 0 || g_chmod(kept, 0644) != 0)
        g_warning("cannot take over %s", kept);
}
