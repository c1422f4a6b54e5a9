/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Manager: decides whose priority is lowered, by observation only.
 *
 * It is shown every process of the system at intervals and keeps, for each, a
 * decaying mean of the CPU it used. A process above a threshold is to be
 * demoted; one that neither uses nor wants as much any more is to be given its
 * priority back. It does not know what the processes are for. It leaves alone
 * kernel threads, PID 1, the agent, itself, and whatever has a scheduling
 * policy other than the default and the batch one.
 *
 * On a host it also spares what runs the guests and the bed: hvbench, which is
 * the agent's parent, and the programs in spared.h. Whether a process is spared
 * is asked once, when it is first seen, and again only when its name has
 * changed: that is how a program shows that another was started in its place.
 * One that was demoted before then gets its priority back. The agent's users
 * are not spared: there they are services like any other.
 *
 * Sessions: where the kernel groups processes by session (sched_autogroup), a
 * nice value counts inside its session only. So once all processes of a
 * session that use CPU worth mentioning are demoted, the session is demoted
 * itself, and given back when others in it become busy. A session with the
 * agent, PID 1, the manager or a spared process in it is left alone: nice
 * values do their work there, and the manager would hold up itself.
 *
 * Where processes are in cgroups with the cpu controller, as libvirt's guests
 * and many of systemd's services are, a nice value counts inside its cgroup
 * only, whatever the session: on a host only the method CGROUP ranks a service
 * below a guest.
 *
 * This part only decides: it reads no clock and no /proc and changes nothing.
 * Show it the processes with manager_look(), then carry out the decisions. */
#ifndef LOADGEN_MANAGER_H
#define LOADGEN_MANAGER_H

#include "demotion.h"
#include "processes.h"
#include "wire.h"

/* A session is quiet, but for its demoted processes, when the others together
 * use less than this; it is not any more above twice as much. */
#define MANAGER_QUIET_PERMILLE 10

typedef struct {
    ProcessLook look; /* the last one */
    double use;       /* CPUs, decaying mean */
    double want;      /* the same, but being runnable counts as using one */
    bool demoted;
    bool refused;    /* may not be changed */
    bool spared;     /* must not be */
    Priority before; /* while demoted; the caller's to fill in and use */
} ManagedProcess;

typedef struct {
    pid_t id;
    bool demoted;
    bool refused;
    int nice_before; /* the caller's, too */
} ManagedSession;

typedef enum {
    MANAGER_DEMOTE,
    MANAGER_RESTORE,
    MANAGER_DEMOTE_SESSION,
    MANAGER_RESTORE_SESSION,
} ManagerVerb;

typedef struct {
    ManagerVerb verb;
    pid_t pid; /* the process, or one of the session */
    pid_t session;
} ManagerDecision;

/* Whom it must know, and where it is. */
typedef struct {
    pid_t self, agent;
    bool autogroup; /* sched_autogroup is on */
    pid_t hvbench;  /* on a host; else, or if it is not to be seen: 0 */
    /* On a host: spared_process(); else NULL. */
    bool (*is_spared)(const ProcessLook *look);
} ManagerPlace;

typedef struct {
    WireManage settings;
    ManagerPlace place;
    bool by_session; /* sched_autogroup is on and the method is a nice value */
    uint64_t looked_ns;        /* 0: not yet */
    ManagedProcess *processes; /* in the order of their PIDs */
    size_t n_processes;
    ManagedSession *sessions; /* demoted, refused, or restored just now */
    size_t n_sessions;
    ManagerDecision
        *decisions; /* of the last look, to be carried out in order */
    size_t n_decisions;
} Manager;

void manager_init(Manager *manager, const WireManage *settings,
                  const ManagerPlace *place);
void manager_clear(Manager *manager);

/* Takes in what was seen at now_ns (> 0, increasing), in the order of the PIDs,
 * and replaces the decisions. False: out of memory, nothing was done. */
bool manager_look(Manager *manager, uint64_t now_ns, const ProcessLook *looks,
                  size_t n);

/* Replaces the decisions by those that undo all demotions. False: no memory. */
bool manager_give_all_back(Manager *manager);

/* The process or session of a decision; NULL: it is not there. Borrowed until
 * the next look. */
ManagedProcess *manager_find(Manager *manager, pid_t pid);
ManagedSession *manager_find_session(Manager *manager, pid_t session);

/* A demotion could not be carried out: it will not be tried again. */
void manager_refuse(Manager *manager, const ManagerDecision *decision);

#endif
