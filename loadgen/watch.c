/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE
#include "watch.h"

#include "clock.h"
#include "demotion.h"
#include "manager.h"
#include "spared.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define WATCH_NICE (-10)
#define SESSION_NICE 19 /* of a session whose processes are SCHED_IDLE */
#define STOP_GRACE_MS 5000
#define MIN_INTERVAL_MS 50u
#define MAX_INTERVAL_MS 60000u
#define MAX_MEMORY_MS 600000u

typedef struct {
    WireManage settings;
    ManagerPlace place;
    Demotion demotion;
    Manager manager;
    ProcessList processes;
    unsigned refused; /* processes that could not be changed */
    unsigned dropped; /* events that found the pipe full */
} Watch;

static void send_event(Watch *watch, WireEvent *event)
{
    event->monotonic_ns = clock_now_ns();
    if (write(CHILD_FD, event, sizeof *event) != sizeof *event)
        watch->dropped++;
}

__attribute__((format(printf, 2, 3))) static void note(Watch *watch,
                                                       const char *format, ...)
{
    WireEvent event = {.kind = WIRE_EVENT_NOTE};
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(event.text, sizeof event.text, format, arguments);
    va_end(arguments);
    send_event(watch, &event);
}

static void tell(Watch *watch, WireEventKind kind,
                 const ManagedProcess *process)
{
    WireEvent event = {.kind = kind,
                       .pid = (uint32_t)process->look.pid,
                       .permille = (uint32_t)(process->use * 1000 + 0.5)};

    strcpy(event.text, process->look.name);
    send_event(watch, &event);
}

static void demote(Watch *watch, const ManagerDecision *decision)
{
    ManagedProcess *process = manager_find(&watch->manager, decision->pid);

    if (demotion_apply(&watch->demotion, decision->pid, &process->before)) {
        tell(watch, WIRE_EVENT_DEMOTED, process);
        return;
    }
    /* It may just have ended; then there is nothing to tell. */
    if (errno != ESRCH && errno != ENOENT)
        note(watch, "manager: may not change %s (PID %d, the %u. of such): %s",
             process->look.name, (int)decision->pid, ++watch->refused,
             strerror(errno));
    manager_refuse(&watch->manager, decision);
}

static void restore(Watch *watch, const ManagerDecision *decision)
{
    ManagedProcess *process = manager_find(&watch->manager, decision->pid);

    demotion_undo(&watch->demotion, decision->pid, &process->before);
    tell(watch, WIRE_EVENT_RESTORED, process);
}

static void demote_session(Watch *watch, const ManagerDecision *decision)
{
    ManagedSession *session =
        manager_find_session(&watch->manager, decision->session);
    int nice = watch->settings.method == WIRE_METHOD_NICE ? watch->settings.nice
                                                          : SESSION_NICE;

    if (!demotion_set_session(decision->pid, nice, &session->nice_before))
        manager_refuse(&watch->manager, decision);
    else
        note(watch, "manager: demoted the whole session %d",
             (int)decision->session);
}

static void restore_session(Watch *watch, const ManagerDecision *decision)
{
    ManagedSession *session =
        manager_find_session(&watch->manager, decision->session);

    if (demotion_set_session(decision->pid, session->nice_before, NULL))
        note(watch, "manager: restored the whole session %d",
             (int)decision->session);
}

static void carry_out(Watch *watch)
{
    for (size_t i = 0; i < watch->manager.n_decisions; i++) {
        const ManagerDecision *decision = &watch->manager.decisions[i];
        switch (decision->verb) {
        case MANAGER_DEMOTE:
            demote(watch, decision);
            break;
        case MANAGER_RESTORE:
            restore(watch, decision);
            break;
        case MANAGER_DEMOTE_SESSION:
            demote_session(watch, decision);
            break;
        case MANAGER_RESTORE_SESSION:
            restore_session(watch, decision);
            break;
        }
    }
}

static bool look(Watch *watch)
{
    return processes_read(&watch->processes) &&
           manager_look(&watch->manager, clock_now_ns(), watch->processes.list,
                        watch->processes.n);
}

/* A last look first: PIDs may have passed to others since. */
static void give_back(Watch *watch)
{
    if (look(watch))
        carry_out(watch);
    if (manager_give_all_back(&watch->manager))
        carry_out(watch);
    demotion_finish(&watch->demotion);
    if (watch->dropped > 0)
        note(watch, "manager: %u events were not sent", watch->dropped);
}

static int run(void *data)
{
    Watch *watch = data;
    struct timespec interval =
        clock_timespec(watch->settings.interval_ms * NS_PER_MS);
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    /* Without an agent to tell, there is still something to give back. */
    signal(SIGPIPE, SIG_IGN);
    setpriority(PRIO_PROCESS, 0, WATCH_NICE);
    watch->place.self = getpid();
    manager_init(&watch->manager, &watch->settings, &watch->place);
    do {
        if (look(watch))
            carry_out(watch);
        else
            note(watch, "manager: cannot look at /proc");
    } while (sigtimedwait(&stop, NULL, &interval) < 0);
    give_back(watch);
    processes_clear(&watch->processes);
    manager_clear(&watch->manager);
    return EXIT_SUCCESS;
}

static const char *find_fault(const WireManage *settings)
{
    if (settings->interval_ms < MIN_INTERVAL_MS ||
        settings->interval_ms > MAX_INTERVAL_MS)
        return "MANAGE: interval not within 50 ms ... 1 min";
    if (settings->memory_ms < settings->interval_ms ||
        settings->memory_ms > MAX_MEMORY_MS)
        return "MANAGE: memory not within the interval ... 10 min";
    if (settings->restore_permille > settings->demote_permille)
        return "MANAGE: restores above what it demotes";
    if (settings->method == WIRE_METHOD_NICE &&
        (settings->nice < 1 || settings->nice > 19))
        return "MANAGE: nice not within 1 ... 19";
    return NULL;
}

const char *watch_start(Children *children, const WireManage *settings,
                        bool on_host, int *ret_events)
{
    ChildKind kind = {CHILD_MANAGER, "manager", SIGTERM, -1, NULL};
    Watch watch = {.settings = *settings,
                   .place = {.agent = getpid(),
                             .autogroup = demotion_autogroup_is_on(),
                             .hvbench = on_host ? getppid() : 0,
                             .is_spared = on_host ? spared_process : NULL}};
    const char *fault = find_fault(settings);
    int ends[2];
    pid_t pid;

    if (!fault)
        fault = demotion_prepare(&watch.demotion, (WireMethod)settings->method,
                                 settings->nice);
    if (fault)
        return fault;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        demotion_finish(&watch.demotion);
        return "MANAGE: no pipe";
    }
    kind.keep_fd = ends[1];
    pid = children_start(children, &kind, run, &watch);
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        demotion_finish(&watch.demotion);
        return "MANAGE: cannot fork";
    }
    *ret_events = ends[0];
    return NULL;
}

void watch_stop(Children *children)
{
    children_stop(children, CHILD_MANAGER, SIGTERM, STOP_GRACE_MS);
}
