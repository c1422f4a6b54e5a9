/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/channel.h"

#include "hvbench/bed/bed-error.h"
#include "hvbench/bed/connection-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <libvirt/virterror.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What is read in one go: a guest that floods its port must not keep the main
 * context from timers, signals and other guests. What is left makes libvirt
 * call again. */
#define READ_AT_MOST (64 * 1024)

typedef struct {
    HvbPort port;
    virStreamPtr stream;
    GByteArray *queue;
    gboolean closed;
} Channel;

static void close_down(Channel *self, const char *why)
{
    if (self->closed)
        return;
    self->closed = TRUE;
    virStreamEventRemoveCallback(self->stream);
    virStreamAbort(self->stream);
    if (self->port.on_closed)
        self->port.on_closed(&self->port, why);
}

static void close_down_on_error(Channel *self)
{
    g_autofree char *said = hvb_libvirt_said();

    close_down(self, said);
}

static void read_some(Channel *self)
{
    char buffer[4096];
    gsize taken = 0;

    while (!self->closed && taken < READ_AT_MOST) {
        int n = virStreamRecv(self->stream, buffer, sizeof buffer);
        if (n > 0) {
            taken += (gsize)n;
            self->port.on_bytes(&self->port, buffer, (gsize)n);
        } else if (n == -2) /* nothing more for now */
            return;
        else if (n == 0)
            close_down(self, "QEMU closed the guest's port");
        else
            close_down_on_error(self);
    }
}

static void write_queue(Channel *self)
{
    while (self->queue->len > 0 && !self->closed) {
        int n = virStreamSend(self->stream, (const char *)self->queue->data,
                              self->queue->len);
        if (n >= 0)
            g_byte_array_remove_range(self->queue, 0, (guint)n);
        else if (n == -2)
            break;
        else
            close_down_on_error(self);
    }
    if (self->closed)
        return;
    int events = VIR_STREAM_EVENT_READABLE;
    if (self->queue->len > 0)
        events |= VIR_STREAM_EVENT_WRITABLE;
    virStreamEventUpdateCallback(self->stream, events);
}

static void on_event(virStreamPtr stream, int events, void *user_data)
{
    Channel *self = user_data;

    (void)stream;
    if (events & VIR_STREAM_EVENT_READABLE)
        read_some(self);
    if ((events & VIR_STREAM_EVENT_WRITABLE) && !self->closed)
        write_queue(self);
    if (events & (VIR_STREAM_EVENT_ERROR | VIR_STREAM_EVENT_HANGUP))
        close_down(self, "QEMU closed the guest's port");
}

static void channel_send(HvbPort *port, const void *bytes, gsize n)
{
    Channel *self = (Channel *)port;

    if (self->closed)
        return;
    g_byte_array_append(self->queue, bytes, (guint)n);
    write_queue(self);
    if (self->queue->len > HVB_PORT_QUEUE_MAX)
        close_down(self, HVB_PORT_QUEUE_FULL);
}

static void channel_free(HvbPort *port)
{
    Channel *self = (Channel *)port;

    self->port.on_closed = NULL;
    close_down(self, "");
    virStreamFree(self->stream);
    g_byte_array_unref(self->queue);
    g_free(self);
}

HvbPort *hvb_channel_open(virDomainPtr domain, const char *name, GError **error)
{
    virConnectPtr handle = virDomainGetConnect(domain);
    virStreamPtr stream = virStreamNew(handle, VIR_STREAM_NONBLOCK);

    if (!stream || virDomainOpenChannel(domain, name, stream, 0) < 0) {
        hvb_set_libvirt_error(error, "cannot open port %s of %s", name,
                              virDomainGetName(domain));
        if (error && *error && virGetLastErrorCode() == VIR_ERR_INTERNAL_ERROR)
            (*error)->code = HVB_BED_ERROR_NO_PORT;
        if (stream)
            virStreamFree(stream);
        return NULL;
    }
    Channel *self = g_new0(Channel, 1);
    self->port.send = channel_send;
    self->port.free = channel_free;
    self->stream = stream;
    self->queue = g_byte_array_new();
    if (virStreamEventAddCallback(stream, VIR_STREAM_EVENT_READABLE, on_event,
                                  self, NULL) < 0) {
        hvb_set_libvirt_error(error, "cannot watch port %s of %s", name,
                              virDomainGetName(domain));
        channel_free(&self->port);
        return NULL;
    }
    return &self->port;
}

int hvb_channel_connect(const char *path, GError **error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >=
        sizeof address.sun_path)
        errno = ENAMETOOLONG;
    else if (fd >= 0 &&
             connect(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
             g_unix_set_fd_nonblocking(fd, TRUE, NULL))
        return fd;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_NO_PORT,
                "cannot connect to QEMU's socket %s: %s", path,
                g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}
