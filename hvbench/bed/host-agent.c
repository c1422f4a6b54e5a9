/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/bed/host-agent.h"

#include "hvbench/bed/local-agent.h"

/* The host is not a booting guest: its agent is there at once. */
#define HELLO_TIMEOUT_S 20

typedef struct {
    HvbHostAgent agent;
    HvbLocalAgent *local;
} Host;

static gboolean host_place(HvbHostAgent *agent, guint cpus, GError **error)
{
    HvbHostCpus host;
    guint n;

    /* Where the guests are that it serves. */
    if (!hvb_host_cpus_read("/", &host, error))
        return FALSE;
    g_autofree char *list =
        hvb_local_agent_place(((Host *)agent)->local, &host.usable, cpus, &n,
                              error);
    return list != NULL;
}

static gboolean host_weigh(HvbHostAgent *agent, guint weight, GError **error)
{
    return hvb_group_set_weight(((Host *)agent)->local->group, weight, error);
}

static gboolean host_read_tuning(HvbHostAgent *agent, HvbTuning *ret_now,
                                 GError **error)
{
    return hvb_local_agent_read(((Host *)agent)->local, ret_now, error);
}

static void host_foreach_file(HvbHostAgent *agent, HvbGroupFileFunc func,
                              gpointer user_data)
{
    hvb_group_foreach_file(((Host *)agent)->local->group, "the host services' ",
                           func, user_data);
}

static char *host_explain(HvbHostAgent *agent)
{
    return hvb_local_agent_explain(((Host *)agent)->local);
}

static void host_free(HvbHostAgent *agent)
{
    Host *self = (Host *)agent;

    hvb_local_agent_free(self->local);
    g_free(self);
}

HvbHostAgent *hvb_host_agent_start(const char *group, GCancellable *cancellable,
                                   GError **error)
{
    static const char *const options[] = {"--host", NULL};
    HvbLocalAgent *local =
        hvb_local_agent_start(group, options, HELLO_TIMEOUT_S, cancellable,
                              error);

    if (!local)
        return NULL;
    Host *self = g_new0(Host, 1);
    self->agent.link = local->link;
    self->agent.place = host_place;
    self->agent.weigh = host_weigh;
    self->agent.read_tuning = host_read_tuning;
    self->agent.foreach_file = host_foreach_file;
    self->agent.explain = host_explain;
    self->agent.free = host_free;
    self->local = local;
    return &self->agent;
}

void hvb_host_agent_free(HvbHostAgent *agent)
{
    if (agent)
        agent->free(agent);
}
