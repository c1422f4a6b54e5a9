/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/group-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

typedef struct {
    int id; /* inotify's */
    char *path;
    char *what;
    char *before;
    char *between; /* another value that was seen; NULL: none was */
    gboolean shared;
    gboolean written;
} File;

struct _HvbGroupWatch {
    int fd; /* -1: there is no inotify here */
    guint source;
    GPtrArray *files;
    char *why_blind;
};

static void file_free(gpointer data)
{
    File *file = data;

    g_free(file->path);
    g_free(file->what);
    g_free(file->before);
    g_free(file->between);
    g_free(file);
}

static char *read_value(const char *path)
{
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("gone");
    return g_strstrip(text);
}

static File *find(const HvbGroupWatch *self, int id)
{
    for (guint i = 0; i < self->files->len; i++) {
        File *file = self->files->pdata[i];
        if (file->id == id)
            return file;
    }
    return NULL;
}

static void take_in(File *file)
{
    g_autofree char *now = read_value(file->path);

    file->written = TRUE;
    if (!file->between && strcmp(now, file->before) != 0)
        file->between = g_steal_pointer(&now);
}

/* Takes in all that has happened so far. */
static void read_events(HvbGroupWatch *self)
{
    char buffer[4096]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    gssize n;

    while ((n = read(self->fd, buffer, sizeof buffer)) > 0)
        for (gssize at = 0; at < n;) {
            const struct inotify_event *event = (void *)(buffer + at);
            File *file = find(self, event->wd);
            if (file && event->mask & IN_MODIFY)
                take_in(file);
            at += (gssize)(sizeof *event + event->len);
        }
}

static gboolean on_readable(gint fd, GIOCondition condition, gpointer user_data)
{
    (void)fd;
    (void)condition;
    read_events(user_data);
    return G_SOURCE_CONTINUE;
}

/* `object` cannot be watched, and what helps, if something does. */
static char *explain(const char *object, int error_number)
{
    const char *remedy = "";

    if (error_number == ENOSPC)
        remedy = ": raise fs.inotify.max_user_watches";
    else if (error_number == EMFILE)
        remedy = ": raise fs.inotify.max_user_instances, or how many files "
                 "hvbench may open (ulimit -n)";
    return g_strdup_printf("%s: %s%s", object, g_strerror(error_number),
                           remedy);
}

HvbGroupWatch *hvb_group_watch_new(void)
{
    HvbGroupWatch *self = g_new0(HvbGroupWatch, 1);

    self->files = g_ptr_array_new_with_free_func(file_free);
    self->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (self->fd >= 0)
        self->source = g_unix_fd_add(self->fd, G_IO_IN, on_readable, self);
    else
        self->why_blind = explain("inotify", errno);
    return self;
}

void hvb_group_watch_free(HvbGroupWatch *watch)
{
    if (!watch)
        return;
    if (watch->source != 0)
        g_source_remove(watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    g_ptr_array_unref(watch->files);
    g_free(watch->why_blind);
    g_free(watch);
}

void hvb_group_watch_add(HvbGroupWatch *watch, const char *path,
                         const char *what, gboolean shared)
{
    int id = watch->fd >= 0 ? inotify_add_watch(watch->fd, path,
                                                IN_MODIFY | IN_MASK_CREATE)
                            : -1;

    if (id < 0) {
        if (watch->fd >= 0 && errno != ENOENT && errno != EEXIST &&
            !watch->why_blind)
            watch->why_blind = explain(path, errno);
        return;
    }
    File *file = g_new0(File, 1);
    file->id = id;
    file->path = g_strdup(path);
    file->what = g_strdup(what);
    file->before = read_value(path);
    file->shared = shared;
    g_ptr_array_add(watch->files, file);
}

guint hvb_group_watch_count(const HvbGroupWatch *watch)
{
    return watch->files->len;
}

const char *hvb_group_watch_why_blind(const HvbGroupWatch *watch)
{
    return watch->why_blind;
}

static char *sentence(const File *file)
{
    if (file->between)
        return g_strdup_printf("%s was changed in mid-cell and put back: %s, "
                               "before and after it %s",
                               file->what, file->between, file->before);
    return g_strdup_printf("%s was written to in mid-cell, and is %s as "
                           "before",
                           file->what, file->before);
}

static GStrv to_strv(GPtrArray *sentences)
{
    g_ptr_array_add(sentences, NULL);
    return (GStrv)g_ptr_array_free(sentences, FALSE);
}

GStrv hvb_group_watch_take(HvbGroupWatch *watch, GStrv *ret_notes)
{
    GPtrArray *sentences = g_ptr_array_new(), *notes = g_ptr_array_new();

    if (watch->fd >= 0)
        read_events(watch);
    for (guint i = 0; i < watch->files->len; i++) {
        const File *file = watch->files->pdata[i];
        if (!file->written)
            continue;
        g_autofree char *now = read_value(file->path);
        if (strcmp(now, file->before) == 0)
            g_ptr_array_add(file->shared && !file->between ? notes : sentences,
                            sentence(file));
    }
    *ret_notes = to_strv(notes);
    return to_strv(sentences);
}
