/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "hvbench/run/client.h"

#include "hvbench/bed/bed-error.h"

#include <errno.h>
#include <glib-unix.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS G_GINT64_CONSTANT(1000000)
#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define NEVER G_MAXINT64
/* A port that takes no more now is tried again after this. */
#define RETRY_NS NS_PER_MS
/* The lowest suffices: it need only come before what has none. */
#define REALTIME_PRIORITY 1
/* A guest that talks more nonsense than this is not listened to any more: this
 * thread comes before all others. */
#define REFUSED_AT_MOST 1000
#define DRAIN_READS_AT_MOST 100

/* One operation of the client side. */
typedef struct {
    guint32 index; /* in the whole schedule */
    WireOperation operation;
    gint64 offset_ns; /* of its intended start, from the opening */
    gint64 sent_ns;   /* 0: not yet */
    gboolean over;
} Request;

typedef struct {
    guint number;
    int fd;           /* -1: nobody at the other end any more */
    GArray *requests; /* Request, in the order of their intended starts */
    guint next;       /* the first that was not sent */
    guint n_over;
    gint64 opened_ns;   /* 0: not yet */
    gint64 blocked_ns;  /* the port takes no more before this */
    gint64 deadline_ns; /* what is unfinished then is left; NEVER: no end yet */
    gboolean over;
    WireReader reader;
    HvbClientAccount account;
} Guest;

/* What the main thread tells the other one. */
typedef struct {
    enum { COMMAND_OPEN, COMMAND_CLOSE, COMMAND_STOP } kind;
    guint i;
    gint64 time_ns;
} Command;

/* And back. */
typedef struct {
    enum { REPORT_SAMPLE, REPORT_OVER } kind;
    guint i;
    HvbSample sample;
    HvbClientAccount account;
} Report;

struct _HvbClient {
    guint64 cell;
    Guest *guests;
    guint n_guests;
    HvbClientHooks hooks;
    gpointer user_data;
    int ends[2]; /* [0] is the main thread's */
    guint watch;
    gboolean realtime;
    GThread *thread;
};

/* Both sockets keep messages apart; neither side has more under way than fits,
 * but for a main thread that is held up: then the other one waits for it. */
static void tell(int fd, const void *message, gsize size)
{
    while (send(fd, message, size, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

/* ---- in the thread ---- */

static void report_sample(HvbClient *self, guint i, Request *request,
                          gint64 ended_ns, guint8 flags)
{
    Guest *guest = &self->guests[i];
    Report report = {.kind = REPORT_SAMPLE, .i = i};

    request->over = TRUE;
    guest->n_over++;
    report.sample = (HvbSample){
        .guest = guest->number,
        .vantage = WIRE_CLIENT,
        .raw =
            {
                .index = request->index,
                .operation = (guint8)request->operation,
                .flags = flags,
                .intended_ns = (guint64)(guest->opened_ns + request->offset_ns),
                .started_ns = (guint64)(request->sent_ns > 0 ? request->sent_ns
                                                             : ended_ns),
                .ended_ns = (guint64)ended_ns,
            },
    };
    tell(self->ends[1], &report, sizeof report);
}

static Request *request_at(const Guest *guest, guint place)
{
    return &g_array_index(guest->requests, Request, place);
}

/* From the last one on: answers are mostly to the latest requests. */
static Request *find_request(const Guest *guest, guint32 index)
{
    for (guint place = guest->next; place-- > 0;)
        if (request_at(guest, place)->index == index)
            return request_at(guest, place);
    return NULL;
}

static void take_answer(HvbClient *self, guint i, const WireFrame *frame,
                        gint64 arrived_ns)
{
    Guest *guest = &self->guests[i];
    WireDone done;
    Request *request = NULL;

    if (frame->type == WIRE_DONE && wire_get_done(frame, &done) &&
        done.cell == self->cell &&
        (done.flags == 0 || done.flags == WIRE_SAMPLE_FAILED))
        request = find_request(guest, done.index);
    if (!request || request->over) {
        guest->account.refused++;
        return;
    }
    guest->account.done++;
    report_sample(self, i, request, arrived_ns, (guint8)done.flags);
}

/* Nothing comes or goes over its port any more. Unless the whole guest is lost,
 * which the main thread will find out, that is a fault of what was measured. */
static void give_up(Guest *guest)
{
    guest->fd = -1;
    guest->account.refused++;
}

static void receive(HvbClient *self, guint i)
{
    Guest *guest = &self->guests[i];
    guint8 bytes[4096];
    guint64 skipped = guest->reader.skipped_bytes;
    WireFrame frame;
    gssize n = read(guest->fd, bytes, sizeof bytes);
    gint64 arrived_ns = hvb_now_ns();

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        give_up(guest);
        return;
    }
    wire_reader_feed(&guest->reader, bytes, (gsize)n);
    while (wire_reader_next(&guest->reader, &frame))
        take_answer(self, i, &frame, arrived_ns);
    if (guest->reader.skipped_bytes > skipped)
        guest->account.refused++;
    if (guest->account.refused > REFUSED_AT_MOST)
        give_up(guest);
}

/* FALSE: the port takes no more now. */
static gboolean send_request(HvbClient *self, Guest *guest, Request *request)
{
    const WireStart start = {self->cell, request->index};
    guint8 frame[WIRE_MAX_FRAME];
    guint32 length = wire_put_start(frame + WIRE_HEADER_SIZE, &start);
    gsize size = wire_seal(frame, WIRE_START, guest->account.sent, length);
    gint64 now_ns = hvb_now_ns();
    gssize n = send(guest->fd, frame, size, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n == (gssize)size) {
        request->sent_ns = now_ns;
        guest->account.sent++;
        return TRUE;
    }
    /* A part of a frame is as good as a port that is gone. */
    if (n >= 0 || (errno != EAGAIN && errno != EINTR))
        give_up(guest);
    guest->blocked_ns = now_ns + RETRY_NS;
    return FALSE;
}

/* When its next request is to be sent. */
static gint64 due_ns(const Guest *guest)
{
    if (guest->over || guest->fd < 0 || guest->opened_ns == 0 ||
        guest->next == guest->requests->len || guest->deadline_ns != NEVER)
        return NEVER;
    return MAX(guest->opened_ns + request_at(guest, guest->next)->offset_ns,
               guest->blocked_ns);
}

static void send_due(HvbClient *self, Guest *guest)
{
    while (due_ns(guest) <= hvb_now_ns() &&
           send_request(self, guest, request_at(guest, guest->next)))
        guest->next++;
}

/* What has no answer by now is left as it is. */
static void leave(HvbClient *self, guint i, gint64 now_ns)
{
    Guest *guest = &self->guests[i];
    Report report = {.kind = REPORT_OVER, .i = i};

    if (guest->opened_ns == 0)
        guest->opened_ns = now_ns;
    for (guint place = 0; place < guest->requests->len; place++) {
        Request *request = request_at(guest, place);
        guint8 flags = WIRE_SAMPLE_CENSORED;
        if (request->over)
            continue;
        if (request->sent_ns == 0)
            flags |= WIRE_SAMPLE_UNSTARTED;
        report_sample(self, i, request,
                      MAX(now_ns, guest->opened_ns + request->offset_ns),
                      flags);
    }
    guest->over = TRUE;
    report.account = guest->account;
    tell(self->ends[1], &report, sizeof report);
}

static void leave_if_due(HvbClient *self, guint i, gint64 now_ns)
{
    const Guest *guest = &self->guests[i];

    if (!guest->over && guest->deadline_ns != NEVER &&
        (now_ns >= guest->deadline_ns || guest->fd < 0 ||
         guest->n_over == guest->requests->len))
        leave(self, i, now_ns);
}

/* FALSE: it is over. */
static gboolean obey(HvbClient *self)
{
    Command command;

    if (recv(self->ends[1], &command, sizeof command, MSG_DONTWAIT) !=
        (gssize)sizeof command)
        return TRUE;
    Guest *guest = &self->guests[command.i];
    if (command.kind == COMMAND_OPEN)
        guest->opened_ns = command.time_ns;
    else if (command.kind == COMMAND_CLOSE)
        guest->deadline_ns = command.time_ns + HVB_CLIENT_GRACE_MS * NS_PER_MS;
    return command.kind != COMMAND_STOP;
}

static gint64 next_deadline_ns(const HvbClient *self)
{
    gint64 next_ns = NEVER;

    for (guint i = 0; i < self->n_guests; i++) {
        const Guest *guest = &self->guests[i];
        next_ns = MIN(next_ns, due_ns(guest));
        if (!guest->over)
            next_ns = MIN(next_ns, guest->deadline_ns);
    }
    return next_ns;
}

static void wait_for_something(HvbClient *self, struct pollfd *fds)
{
    gint64 next_ns = next_deadline_ns(self);
    gint64 left_ns = MAX(next_ns - hvb_now_ns(), 0);
    const struct timespec timeout = {left_ns / NS_PER_S, left_ns % NS_PER_S};

    fds[self->n_guests] = (struct pollfd){self->ends[1], POLLIN, 0};
    for (guint i = 0; i < self->n_guests; i++)
        fds[i] = (struct pollfd){self->guests[i].over ? -1 : self->guests[i].fd,
                                 POLLIN, 0};
    if (ppoll(fds, self->n_guests + 1, next_ns == NEVER ? NULL : &timeout,
              NULL) < 0)
        for (guint i = 0; i <= self->n_guests; i++)
            fds[i].revents = 0;
}

static gpointer live(gpointer user_data)
{
    HvbClient *self = user_data;
    g_autofree struct pollfd *fds = g_new(struct pollfd, self->n_guests + 1);
    gboolean going_on = TRUE;

    /* The kernel rounds waits up by 50 us unless asked not to. */
    prctl(PR_SET_TIMERSLACK, 1ul);
    while (going_on) {
        wait_for_something(self, fds);
        for (guint i = 0; i < self->n_guests; i++)
            if (fds[i].revents)
                receive(self, i);
        if (fds[self->n_guests].revents)
            going_on = obey(self);
        for (guint i = 0; i < self->n_guests; i++) {
            send_due(self, &self->guests[i]);
            leave_if_due(self, i, hvb_now_ns());
        }
    }
    return NULL;
}

/* ---- in the main thread ---- */

static gboolean on_report(int fd, GIOCondition condition, gpointer user_data)
{
    HvbClient *self = user_data;
    Report report;

    (void)condition;
    while (recv(fd, &report, sizeof report, MSG_DONTWAIT) ==
           (gssize)sizeof report) {
        if (report.kind == REPORT_SAMPLE)
            self->hooks.on_sample(&report.sample, self->user_data);
        else
            self->hooks.on_over(report.i, &report.account, self->user_data);
    }
    return G_SOURCE_CONTINUE;
}

/* Throws away what came before anything was asked for: answers to an earlier
 * window that came too late for it must not spoil this one. A guest that goes
 * on and on is left to the thread. */
static void drain(int fd)
{
    guint8 bytes[4096];

    for (guint i = 0; i < DRAIN_READS_AT_MOST; i++)
        if (read(fd, bytes, sizeof bytes) <= 0)
            break;
}

static void take_schedule(Guest *guest, const HvbClientGuest *from)
{
    guest->number = from->number;
    guest->fd = from->fd;
    guest->deadline_ns = NEVER;
    guest->requests = g_array_new(FALSE, FALSE, sizeof(Request));
    wire_reader_init(&guest->reader);
    for (guint i = 0; i < from->n; i++) {
        const Request request = {
            .index = i,
            .operation = from->schedule[i].operation,
            .offset_ns = (gint64)from->schedule[i].offset_ns,
        };
        if (from->schedule[i].vantage == WIRE_CLIENT)
            g_array_append_val(guest->requests, request);
    }
    guest->account.scheduled = guest->requests->len;
    drain(guest->fd);
}

static gboolean start_thread(HvbClient *self, GError **error)
{
    const struct sched_param priority = {.sched_priority = REALTIME_PRIORITY};
    g_autoptr(GError) failure = NULL;
    int policy = sched_getscheduler(0);
    struct sched_param before;

    sched_getparam(0, &before);
    /* A new thread inherits it; so it has it from its first instruction on. */
    self->realtime = sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
    self->thread = g_thread_try_new("client", live, self, &failure);
    if (self->realtime)
        sched_setscheduler(0, policy, &before);
    if (self->thread)
        return TRUE;
    g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                "cannot start the thread of client-side operations: %s",
                failure->message);
    return FALSE;
}

HvbClient *hvb_client_new(guint64 cell, const HvbClientGuest *guests,
                          guint n_guests, const HvbClientHooks *hooks,
                          gpointer user_data, GError **error)
{
    g_autoptr(HvbClient) self = g_new0(HvbClient, 1);

    self->cell = cell;
    self->hooks = *hooks;
    self->user_data = user_data;
    self->n_guests = n_guests;
    self->guests = g_new0(Guest, n_guests);
    for (guint i = 0; i < n_guests; i++)
        take_schedule(&self->guests[i], &guests[i]);
    self->ends[0] = self->ends[1] = -1;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, self->ends) !=
        0) {
        g_set_error(error, HVB_BED_ERROR, HVB_BED_ERROR_HOST,
                    "cannot make a socket for client-side operations: %s",
                    g_strerror(errno));
        return NULL;
    }
    self->watch = g_unix_fd_add(self->ends[0], G_IO_IN, on_report, self);
    return start_thread(self, error) ? g_steal_pointer(&self) : NULL;
}

static void command(HvbClient *client, Command order)
{
    order.time_ns = hvb_now_ns();
    tell(client->ends[0], &order, sizeof order);
}

void hvb_client_open(HvbClient *client, guint i)
{
    command(client, (Command){.kind = COMMAND_OPEN, .i = i});
}

void hvb_client_close(HvbClient *client, guint i)
{
    command(client, (Command){.kind = COMMAND_CLOSE, .i = i});
}

gboolean hvb_client_is_realtime(const HvbClient *client)
{
    return client->realtime;
}

void hvb_client_free(HvbClient *client)
{
    if (!client)
        return;
    g_clear_handle_id(&client->watch, g_source_remove);
    if (client->thread) {
        command(client, (Command){.kind = COMMAND_STOP});
        /* It may wait for room for a report that nobody takes any more. */
        shutdown(client->ends[0], SHUT_RD);
        g_thread_join(client->thread);
    }
    for (guint i = 0; i < 2; i++)
        if (client->ends[i] >= 0)
            close(client->ends[i]);
    for (guint i = 0; i < client->n_guests; i++)
        g_array_unref(client->guests[i].requests);
    g_free(client->guests);
    g_free(client);
}
