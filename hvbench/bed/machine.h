/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Machine: the domain of one guest of a libvirt bed, and what belongs to it on
 * the host. */
#ifndef HVB_BED_MACHINE_H
#define HVB_BED_MACHINE_H

#include "hvbench/bed/cgroup.h"
#include "hvbench/bed/connection-private.h"
#include "hvbench/bed/fate.h"
#include "hvbench/bed/images.h"
#include "hvbench/bed/pulse.h"

/* What all machines of a bed have in common; borrowed. */
typedef struct {
    const HvbProfile *profile;
    HvbAccel accel;
    const char *type; /* of machine: "q35" */
    gboolean verbose;
    const char *console_dir;
} HvbMachineDesign;

typedef struct {
    virConnectPtr handle;
    const HvbGuestProfile *profile; /* borrowed */
    HvbImages images;
    char *xml;
    virDomainPtr domain; /* NULL: not started */
    HvbCgroup *cgroup;
    HvbPulseSource *pulse;
    HvbFate *fate;
    char *name;         /* of the domain */
    char *client_port;  /* the path of the socket to it */
    char *kept_console; /* where its console goes in the end; NULL: nowhere */
    GError *error;      /* of its last start or stop */
} HvbMachine;

/* Makes ready what the machine of `guest`, which has its name already, needs,
 * and describes it; makes the guest's console, too. Errors: those of
 * hvb_images_prepare(), and of the connection's directory. */
gboolean hvb_machine_describe(HvbMachine *machine, HvbConnection *connection,
                              const HvbGuestProfile *profile,
                              const HvbMachineDesign *design, HvbGuest *guest,
                              GError **error);

/* Starts `n` of them, several at once, and again whichever failed in a way that
 * happens by chance. Where one cannot be started `error` says why. */
void hvb_machines_create(HvbMachine *machines, guint n);
/* Stops them; `error` says what was in the way. */
void hvb_machines_destroy(HvbMachine *machines, guint n);

/* Finds its QEMU's control groups and its pulse. Errors: those of
 * hvb_cgroup_find(). */
gboolean hvb_machine_find_groups(HvbMachine *machine, GError **error);

/* Frees all that it holds. */
void hvb_machine_clear(HvbMachine *machine);

#endif
