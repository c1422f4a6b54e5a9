/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/domain-news.h"

#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/wait.h"

#include <libvirt/virterror.h>

struct _HvbNewsroom {
    HvbConnection *connection;
    int callback;      /* -1: none */
    GHashTable *heard; /* names to HvbDomainNews */
};

static const char *why_stopped(int detail)
{
    switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
        return "shut down";
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
        return "was destroyed through libvirt";
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
        return "crashed";
    case VIR_DOMAIN_EVENT_STOPPED_FAILED:
        return "failed";
    default:
        return "was taken away";
    }
}

void hvb_domain_news_take(HvbDomainNews *news, int event, int detail)
{
    switch (event) {
    case VIR_DOMAIN_EVENT_SUSPENDED:
        news->hold = detail == VIR_DOMAIN_EVENT_SUSPENDED_IOERROR
                         ? HVB_HOLD_DISK
                         : HVB_HOLD_PAUSED;
        break;
    case VIR_DOMAIN_EVENT_STARTED:
        *news = (HvbDomainNews){HVB_HOLD_NONE, NULL};
        break;
    case VIR_DOMAIN_EVENT_RESUMED:
        news->hold = HVB_HOLD_NONE;
        break;
    case VIR_DOMAIN_EVENT_STOPPED:
        news->reason = why_stopped(detail);
        break;
    default:
        break;
    }
}

static int on_event(virConnectPtr handle, virDomainPtr domain, int event,
                    int detail, void *user_data)
{
    HvbNewsroom *self = user_data;
    const char *name = virDomainGetName(domain);
    HvbDomainNews *news = g_hash_table_lookup(self->heard, name);

    (void)handle;
    if (!news) {
        news = g_new0(HvbDomainNews, 1);
        g_hash_table_insert(self->heard, g_strdup(name), news);
    }
    hvb_domain_news_take(news, event, detail);
    return 0;
}

HvbNewsroom *hvb_newsroom_open(HvbConnection *connection)
{
    HvbNewsroom *self = g_new0(HvbNewsroom, 1);

    self->connection = connection;
    self->heard =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    self->callback =
        virConnectDomainEventRegisterAny(connection->handle, NULL,
                                         VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                         VIR_DOMAIN_EVENT_CALLBACK(on_event),
                                         self, NULL);
    if (self->callback < 0)
        g_warning("libvirt will not say what happens to guests: %s",
                  virGetLastErrorMessage());
    return self;
}

void hvb_newsroom_close(HvbNewsroom *newsroom)
{
    if (!newsroom)
        return;
    if (newsroom->callback >= 0)
        virConnectDomainEventDeregisterAny(newsroom->connection->handle,
                                           newsroom->callback);
    g_hash_table_unref(newsroom->heard);
    g_free(newsroom);
}

HvbDomainNews hvb_newsroom_get(const HvbNewsroom *newsroom, const char *name)
{
    const HvbDomainNews *news = g_hash_table_lookup(newsroom->heard, name);

    return news ? *news : (HvbDomainNews){HVB_HOLD_NONE, NULL};
}

typedef struct {
    const HvbNewsroom *newsroom;
    const char *name;
} Awaited;

static gboolean is_told(gpointer user_data)
{
    const Awaited *awaited = user_data;

    return hvb_newsroom_get(awaited->newsroom, awaited->name).reason != NULL;
}

const char *hvb_newsroom_wait(const HvbNewsroom *newsroom, const char *name,
                              guint timeout_ms)
{
    Awaited awaited = {newsroom, name};

    if (timeout_ms > 0)
        hvb_wait(is_told, &awaited, timeout_ms, name, NULL, NULL);
    return hvb_newsroom_get(newsroom, name).reason;
}
