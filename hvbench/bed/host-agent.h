/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Host agent: the agent as a process of the host, beside the guests.
 *
 * It emulates the host's services (users, in the agent's words) and runs the
 * host's priority manager, which by observation demotes processes of the host,
 * but never a hypervisor, libvirt or hvbench. It is a child of hvbench, in a
 * cgroup of its own, and ends with it: whatever it demoted gets its priority
 * back then, even if hvbench is killed. */
#ifndef HVB_BED_HOST_AGENT_H
#define HVB_BED_HOST_AGENT_H

#include "hvbench/bed/group-files.h"
#include "hvbench/bed/link.h"

/* The maker fills the functions; a test makes one of a fake agent. */
typedef struct _HvbHostAgent HvbHostAgent;
struct _HvbHostAgent {
    HvbLink *link; /* owned by the agent; its name is "host" */
    /* Confines it, and all that it runs, to the first `cpus` CPUs of the host
     * (0: all). Errors: HVB_BED_ERROR_TUNING. */
    gboolean (*place)(HvbHostAgent *agent, guint cpus, GError **error);
    /* Gives its group this weight: group.h. Errors: HVB_BED_ERROR_TUNING. */
    gboolean (*weigh)(HvbHostAgent *agent, guint weight, GError **error);
    /* What is enforced on its group now; its cap is the VM's, its CPUs the
     * vCPU's. Errors: HVB_BED_ERROR_TUNING. */
    gboolean (*read_tuning)(HvbHostAgent *agent, HvbTuning *ret_now,
                            GError **error);
    /* Calls `func` for each file that sets that: group-files.h. NULL: there is
     * none. */
    void (*foreach_file)(HvbHostAgent *agent, HvbGroupFileFunc func,
                         gpointer user_data);
    /* Why its link is down: how its process ended, and the last that it said.
     * The caller frees the text. */
    char *(*explain)(HvbHostAgent *agent);
    void (*free)(HvbHostAgent *agent);
};

/* Starts the agent in the control group `group` (a name of our own at the top
 * of the hierarchy: group.h) and waits for its HELLO. Hold the lock of
 * state.h.
 *
 * Errors: HVB_BED_ERROR_HOST (no agent binary, not permitted, no cgroup),
 * _BOOT (it ended or did not say HELLO), G_IO_ERROR_CANCELLED. */
HvbHostAgent *hvb_host_agent_start(const char *group, GCancellable *cancellable,
                                   GError **error);
/* Ends it and removes its group. NULL is fine. */
void hvb_host_agent_free(HvbHostAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbHostAgent, hvb_host_agent_free)

#endif
