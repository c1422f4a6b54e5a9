/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/link.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    HvbPort port;
    int fd;
    guint read_watch;
    guint write_watch;
    GByteArray *queue;
} FdPort;

static void close_down(FdPort *self, const char *why)
{
    g_clear_handle_id(&self->read_watch, g_source_remove);
    g_clear_handle_id(&self->write_watch, g_source_remove);
    if (self->fd < 0)
        return;
    close(self->fd);
    self->fd = -1;
    if (self->port.on_closed)
        self->port.on_closed(&self->port, why);
}

static gboolean on_readable(int fd, GIOCondition condition, gpointer user_data)
{
    FdPort *self = user_data;
    guint8 buffer[4096];

    (void)condition;
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n > 0) {
        self->port.on_bytes(&self->port, buffer, (gsize)n);
        return G_SOURCE_CONTINUE;
    }
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    close_down(self, n == 0 ? "the agent closed its port" : g_strerror(errno));
    return G_SOURCE_CONTINUE; /* removed already */
}

/* Returns FALSE when the queue has to wait for the far end. */
static gboolean write_queue(FdPort *self)
{
    while (self->queue->len > 0) {
        ssize_t n =
            send(self->fd, self->queue->data, self->queue->len, MSG_NOSIGNAL);
        if (n >= 0)
            g_byte_array_remove_range(self->queue, 0, (guint)n);
        else if (errno == EAGAIN)
            return FALSE;
        else if (errno != EINTR) {
            close_down(self, g_strerror(errno));
            return TRUE;
        }
    }
    return TRUE;
}

static gboolean on_writable(int fd, GIOCondition condition, gpointer user_data)
{
    FdPort *self = user_data;

    (void)fd;
    (void)condition;
    if (!write_queue(self) || self->fd < 0)
        return G_SOURCE_CONTINUE;
    self->write_watch = 0;
    return G_SOURCE_REMOVE;
}

static void fd_port_send(HvbPort *port, const void *bytes, gsize n)
{
    FdPort *self = (FdPort *)port;

    if (self->fd < 0)
        return;
    g_byte_array_append(self->queue, bytes, (guint)n);
    if (!self->write_watch && !write_queue(self))
        self->write_watch =
            g_unix_fd_add(self->fd, G_IO_OUT, on_writable, self);
    if (self->queue->len > HVB_PORT_QUEUE_MAX)
        close_down(self, HVB_PORT_QUEUE_FULL);
}

static void fd_port_free(HvbPort *port)
{
    FdPort *self = (FdPort *)port;

    self->port.on_closed = NULL;
    close_down(self, "");
    g_byte_array_unref(self->queue);
    g_free(self);
}

HvbPort *hvb_fd_port_new(int fd)
{
    FdPort *self = g_new0(FdPort, 1);

    self->port.send = fd_port_send;
    self->port.free = fd_port_free;
    self->fd = fd;
    self->queue = g_byte_array_new();
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    self->read_watch =
        g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, self);
    return &self->port;
}
