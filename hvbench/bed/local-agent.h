/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local agent: an agent that runs as a process of this host, in a control
 * group of its own; what the native bed and the host agent have in common.
 *
 * It is a child of hvbench in a session of its own, so that a Ctrl-C reaches
 * only hvbench, and talks over a socket: it ends when hvbench does, however
 * that ends, and stops what it has started. */
#ifndef HVB_BED_LOCAL_AGENT_H
#define HVB_BED_LOCAL_AGENT_H

#include "hvbench/bed/group.h"
#include "hvbench/bed/host-cpus.h"
#include "hvbench/bed/link.h"

typedef struct {
    HvbLink *link;   /* its name is "host" */
    int client_fd;   /* socket to its client port; 0: none */
    HvbGroup *group; /* all that it runs */
    GPid pid;        /* 0: it has ended and was waited for */
    int status;      /* of its end */
    int output;      /* a nameless file: what it wrote to its outputs */
} HvbLocalAgent;

/* Starts "hvbench-agent --fd 3 --client-fd 4" with the `options` (a list that
 * ends with NULL) in the group `group` and waits `timeout_s` for its HELLO. The
 * binary is the environment's HVBENCH_AGENT, or that beside hvbench, or the
 * installed one.
 *
 * Errors: HVB_BED_ERROR_HOST (no agent binary, not permitted, no cgroup),
 * _BOOT (it ended or did not say HELLO), G_IO_ERROR_CANCELLED. */
HvbLocalAgent *hvb_local_agent_start(const char *group,
                                     const char *const *options,
                                     guint timeout_s, GCancellable *cancellable,
                                     GError **error);
/* Ends it, kills it if it does not, and removes the group. NULL is fine. */
void hvb_local_agent_free(HvbLocalAgent *agent);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbLocalAgent, hvb_local_agent_free)

/* Confines it, and all that it runs now and later, to the first `cpus` of the
 * `usable` CPUs (0: all). Returns where it now may run, as read back ("0-1,4",
 * owned by the caller), and how many CPUs that is; or NULL with
 * HVB_BED_ERROR_TUNING. */
char *hvb_local_agent_place(const HvbLocalAgent *agent, const HvbCpus *usable,
                            guint cpus, guint *ret_n, GError **error);

/* What is enforced on its group and on itself now: it is a VM without a vCPU of
 * its own. Errors: HVB_BED_ERROR_TUNING. */
gboolean hvb_local_agent_read(const HvbLocalAgent *agent, HvbTuning *ret_now,
                              GError **error);

/* Whether and how it ended, and the last that it said. Caller frees. */
char *hvb_local_agent_explain(HvbLocalAgent *agent);
/* The file with all that it wrote to its outputs, mostly nothing. Caller
 * frees. */
char *hvb_local_agent_output(const HvbLocalAgent *agent);

#endif
