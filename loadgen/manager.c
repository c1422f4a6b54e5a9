/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "manager.h"

#include "clock.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

void manager_init(Manager *manager, const WireManage *settings,
                  const ManagerPlace *place)
{
    memset(manager, 0, sizeof *manager);
    manager->settings = *settings;
    manager->place = *place;
    /* Processes in a cgroup of their own are outside of their session's. */
    manager->by_session =
        place->autogroup && settings->method != WIRE_METHOD_CGROUP;
}

void manager_clear(Manager *manager)
{
    free(manager->processes);
    free(manager->sessions);
    free(manager->decisions);
    memset(manager, 0, sizeof *manager);
}

static int compare_pid(const void *key, const void *member)
{
    pid_t pid = *(const pid_t *)key;
    const ManagedProcess *process = member;

    return (pid > process->look.pid) - (pid < process->look.pid);
}

ManagedProcess *manager_find(Manager *manager, pid_t pid)
{
    if (manager->n_processes == 0)
        return NULL;
    return bsearch(&pid, manager->processes, manager->n_processes,
                   sizeof manager->processes[0], compare_pid);
}

ManagedSession *manager_find_session(Manager *manager, pid_t session)
{
    for (size_t i = 0; i < manager->n_sessions; i++)
        if (manager->sessions[i].id == session)
            return &manager->sessions[i];
    return NULL;
}

static bool is_spared(const Manager *manager, const ProcessLook *look)
{
    return look->pid == manager->place.hvbench ||
           (manager->place.is_spared && !look->kernel &&
            manager->place.is_spared(look));
}

static bool is_exempt(const Manager *manager, const ManagedProcess *process)
{
    const ProcessLook *look = &process->look;

    return process->spared || look->kernel || look->pid == 1 ||
           look->pid == manager->place.self ||
           look->pid == manager->place.agent;
}

/* Whether it has the priority that demoted ones get. What a process was moved
 * to by cgroup is not among the things looked at: its children are there. */
static bool is_lowered(const Manager *manager, const ProcessLook *look)
{
    switch (manager->settings.method) {
    case WIRE_METHOD_NICE:
        return look->nice == manager->settings.nice;
    case WIRE_METHOD_IDLE:
        return look->policy == SCHED_IDLE;
    default:
        return true;
    }
}

static bool may_demote(const Manager *manager, const ManagedProcess *process)
{
    const ProcessLook *look = &process->look;

    if (process->refused || is_exempt(manager, process))
        return false;
    if (look->policy != SCHED_OTHER && look->policy != SCHED_BATCH)
        return false;
    return manager->settings.method != WIRE_METHOD_NICE ||
           look->nice < manager->settings.nice;
}

/* The demoted process from which a new one has inherited its low priority:
 * its parent, or where that has ended, one of its session. */
static const ManagedProcess *find_demoted_ancestor(Manager *manager,
                                                   const ProcessLook *look)
{
    const ManagedProcess *parent = manager_find(manager, look->parent);

    if (!is_lowered(manager, look))
        return NULL;
    if (parent && !is_exempt(manager, parent))
        return parent->demoted ? parent : NULL;
    if (manager->settings.method == WIRE_METHOD_CGROUP)
        return NULL;
    for (size_t i = 0; i < manager->n_processes; i++)
        if (manager->processes[i].demoted &&
            manager->processes[i].look.session == look->session)
            return &manager->processes[i];
    return NULL;
}

static double decay(double mean, double sample, double share)
{
    return mean + (sample - mean) * share;
}

/* A process not seen before. At the first look its past is unknown; later all
 * the CPU it has used is of this interval. */
static ManagedProcess meet(Manager *manager, const ProcessLook *look)
{
    const ManagedProcess *ancestor = find_demoted_ancestor(manager, look);
    ManagedProcess met = {.look = *look, .spared = is_spared(manager, look)};

    if (manager->looked_ns > 0)
        met.look.cpu_ns = 0;
    if (ancestor) {
        met.use = ancestor->use;
        met.want = ancestor->want;
        met.demoted = true;
        met.before = ancestor->before;
    }
    return met;
}

static void update(const Manager *manager, ManagedProcess *process,
                   const ProcessLook *look, double elapsed_ns, double share)
{
    double used_ns = look->cpu_ns > process->look.cpu_ns
                         ? (double)(look->cpu_ns - process->look.cpu_ns)
                         : 0;
    double use = elapsed_ns > 0 ? used_ns / elapsed_ns : 0;

    process->use = decay(process->use, use, share);
    /* A demoted process that gets no CPU looks calm, but is not: it would be
     * restored, and the whole thing began again. */
    if (look->runnable && use < 1)
        use = 1;
    process->want = decay(process->want, use, share);
    if (strcmp(look->name, process->look.name) != 0)
        process->spared = is_spared(manager, look);
    process->look = *look;
}

/* The new table: both lists are in the order of the PIDs. */
static void merge(Manager *manager, ManagedProcess *merged, uint64_t now_ns,
                  const ProcessLook *looks, size_t n)
{
    double elapsed_ns =
        manager->looked_ns > 0 ? (double)(now_ns - manager->looked_ns) : 0;
    double memory_ns = (double)manager->settings.memory_ms * (double)NS_PER_MS;
    double share = 1 - exp(-elapsed_ns / memory_ns);
    size_t old = 0;

    for (size_t i = 0; i < n; i++) {
        const ManagedProcess *known = manager->processes;
        while (old < manager->n_processes && known[old].look.pid < looks[i].pid)
            old++;
        bool same = old < manager->n_processes &&
                    known[old].look.pid == looks[i].pid &&
                    known[old].look.started == looks[i].started;
        merged[i] = same ? known[old] : meet(manager, &looks[i]);
        update(manager, &merged[i], &looks[i], elapsed_ns, share);
    }
}

static void decide(Manager *manager, ManagerVerb verb, pid_t pid, pid_t session)
{
    manager->decisions[manager->n_decisions++] =
        (ManagerDecision){verb, pid, session};
}

static void decide_on_processes(Manager *manager)
{
    double demote = manager->settings.demote_permille / 1000.0;
    double restore = manager->settings.restore_permille / 1000.0;

    for (size_t i = 0; i < manager->n_processes; i++) {
        ManagedProcess *process = &manager->processes[i];
        const ProcessLook *look = &process->look;
        if (process->demoted && (process->spared || process->want < restore)) {
            process->demoted = false;
            decide(manager, MANAGER_RESTORE, look->pid, look->session);
        } else if (!process->demoted && process->use > demote &&
                   may_demote(manager, process)) {
            process->demoted = true;
            decide(manager, MANAGER_DEMOTE, look->pid, look->session);
        }
    }
}

typedef struct {
    pid_t member;      /* 0: the session is gone */
    unsigned demoted;  /* processes */
    double others_use; /* CPUs */
    bool exempt;
} SessionSum;

static SessionSum sum_up(const Manager *manager, pid_t session)
{
    SessionSum sum = {0, 0, 0, false};

    for (size_t i = 0; i < manager->n_processes; i++) {
        const ManagedProcess *process = &manager->processes[i];
        if (process->look.session != session)
            continue;
        sum.member = process->look.pid;
        sum.exempt = sum.exempt || is_exempt(manager, process);
        if (process->demoted)
            sum.demoted++;
        else
            sum.others_use += process->use;
    }
    return sum;
}

static void restore_session(Manager *manager, ManagedSession *session,
                            pid_t member)
{
    session->demoted = false;
    decide(manager, MANAGER_RESTORE_SESSION, member, session->id);
}

static void restore_sessions(Manager *manager)
{
    for (size_t i = manager->n_sessions; i-- > 0;) {
        ManagedSession *session = &manager->sessions[i];
        SessionSum sum = sum_up(manager, session->id);
        if (sum.member == 0 || (!session->demoted && !session->refused))
            *session = manager->sessions[--manager->n_sessions];
        else if (session->demoted &&
                 (sum.demoted == 0 || sum.exempt ||
                  sum.others_use > 2 * MANAGER_QUIET_PERMILLE / 1000.0))
            restore_session(manager, session, sum.member);
    }
}

static void demote_sessions(Manager *manager)
{
    for (size_t i = 0; i < manager->n_processes; i++) {
        const ManagedProcess *process = &manager->processes[i];
        pid_t id = process->look.session;
        /* Session 0 is the kernel's and PID 1's, and no group. */
        if (!process->demoted || id <= 0 || manager_find_session(manager, id))
            continue;
        SessionSum sum = sum_up(manager, id);
        if (sum.exempt || sum.others_use >= MANAGER_QUIET_PERMILLE / 1000.0)
            continue;
        manager->sessions[manager->n_sessions++] =
            (ManagedSession){.id = id, .demoted = true};
        decide(manager, MANAGER_DEMOTE_SESSION, process->look.pid, id);
    }
}

/* Makes room for a session per process and a decision per process and session,
 * so that nothing can fail later. */
static bool reserve(Manager *manager, size_t n_processes)
{
    size_t n_sessions = manager->n_sessions + n_processes;
    ManagedSession *sessions =
        realloc(manager->sessions,
                (n_sessions + 1) * sizeof manager->sessions[0]);
    ManagerDecision *decisions;

    if (!sessions)
        return false;
    manager->sessions = sessions;
    decisions = realloc(manager->decisions, (n_processes + n_sessions + 1) *
                                                sizeof manager->decisions[0]);
    if (!decisions)
        return false;
    manager->decisions = decisions;
    manager->n_decisions = 0;
    return true;
}

bool manager_look(Manager *manager, uint64_t now_ns, const ProcessLook *looks,
                  size_t n)
{
    ManagedProcess *merged = calloc(n + 1, sizeof *merged);

    if (!merged || !reserve(manager, n)) {
        free(merged);
        return false;
    }
    merge(manager, merged, now_ns, looks, n);
    free(manager->processes);
    manager->processes = merged;
    manager->n_processes = n;
    manager->looked_ns = now_ns;
    decide_on_processes(manager);
    if (manager->by_session) {
        restore_sessions(manager);
        demote_sessions(manager);
    }
    return true;
}

bool manager_give_all_back(Manager *manager)
{
    if (!reserve(manager, manager->n_processes))
        return false;
    for (size_t i = 0; i < manager->n_sessions; i++) {
        ManagedSession *session = &manager->sessions[i];
        SessionSum sum = sum_up(manager, session->id);
        if (session->demoted && sum.member > 0)
            restore_session(manager, session, sum.member);
    }
    for (size_t i = 0; i < manager->n_processes; i++) {
        ManagedProcess *process = &manager->processes[i];
        if (!process->demoted)
            continue;
        process->demoted = false;
        decide(manager, MANAGER_RESTORE, process->look.pid,
               process->look.session);
    }
    return true;
}

void manager_refuse(Manager *manager, const ManagerDecision *decision)
{
    ManagedProcess *process = manager_find(manager, decision->pid);
    ManagedSession *session = manager_find_session(manager, decision->session);

    if (decision->verb == MANAGER_DEMOTE && process) {
        process->demoted = false;
        process->refused = true;
    } else if (decision->verb == MANAGER_DEMOTE_SESSION && session) {
        session->demoted = false;
        session->refused = true;
    }
}
