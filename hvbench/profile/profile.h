/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Profile: the file that describes a scenario, as plain data.
 *
 * A profile is a GKeyFile; `base = NAME` in its [scenario] group names another
 * one (by a path, beside it, or shipped) whose keys it inherits, all but those
 * of [scenario]; a file without a name is a base only. [guest N] beats
 * [guests], whichever file either is in. Every key that profiles know is one
 * row of the table in keys.c; profiles/common.profile comments on all of them.
 * After loading, a profile is complete and free of contradictions: nothing
 * further down checks it again. */
#ifndef HVB_PROFILE_PROFILE_H
#define HVB_PROFILE_PROFILE_H

#include "loadgen/wire.h"

#include <glib.h>

/* Load levels, the rows of a P3, in the paper's order. */
typedef enum {
    HVB_LEVEL_NONE,
    HVB_LEVEL_LOW,
    HVB_LEVEL_MEDIUM,
    HVB_LEVEL_BUSY,
    HVB_LEVEL_MAXIMUM,
    HVB_LEVEL_OVERLOAD,
    HVB_N_LEVELS,
} HvbLevel;

/* "None" ... "Overload". */
const char *hvb_level_name(HvbLevel level);
/* Accepts any case. Returns FALSE for a name that is none. */
gboolean hvb_level_from_name(const char *name, HvbLevel *ret_level);

/* "key", "open", "launch". */
const char *hvb_operation_name(WireOperation operation);
gboolean hvb_operation_from_name(const char *name, WireOperation *ret);

typedef enum { HVB_ACCEL_AUTO, HVB_ACCEL_KVM, HVB_ACCEL_TCG } HvbAccel;
const char *hvb_accel_name(HvbAccel accel); /* "auto", "kvm", "tcg" */
gboolean hvb_accel_from_name(const char *name, HvbAccel *ret_accel);

/* What a cap limits: each vCPU thread, or all threads of the VM. */
typedef enum { HVB_CAP_SCOPE_VCPU, HVB_CAP_SCOPE_VM } HvbCapScope;
const char *hvb_cap_scope_name(HvbCapScope scope); /* "vcpu", "vm" */

/* Whether a guest has probe users, and whether the scenario's P3 is made of
 * their operations. */
typedef enum {
    HVB_MEASURED_NO,
    HVB_MEASURED_YES,
    HVB_MEASURED_APART, /* a neighbour: figures of its own, in the P3 only if
                         * no guest has YES */
} HvbMeasured;
const char *hvb_measured_name(HvbMeasured measured); /* "no", "yes", "apart" */

/* Where vCPUs run: on all of the guests' host CPUs as its scheduler likes, or
 * that of guest N on the Nth of them alone (counted around). */
typedef enum { HVB_AFFINITY_FLOAT, HVB_AFFINITY_PINNED } HvbAffinity;
const char *hvb_affinity_name(HvbAffinity affinity); /* "float", "pinned" */

/* The stack: what the other keys say (A), or this machine's second one (B):
 * TCG where A is KVM; where A is TCG, the machine type "pc" (or "q35" if A is
 * that already). */
typedef enum { HVB_HYPERVISOR_A, HVB_HYPERVISOR_B } HvbHypervisorChoice;
const char *hvb_hypervisor_choice_name(HvbHypervisorChoice choice);

/* How the host caches the guests' disks: QEMU's cache modes. */
typedef enum {
    HVB_CACHE_DEFAULT, /* QEMU's */
    HVB_CACHE_NONE,
    HVB_CACHE_WRITEBACK,
    HVB_CACHE_WRITETHROUGH,
    HVB_CACHE_DIRECTSYNC,
    HVB_CACHE_UNSAFE,
} HvbCache;
const char *hvb_cache_name(HvbCache cache); /* "default", "none", ... */

/* How `open` reads its document: "direct", "cold", "warm". */
const char *hvb_reading_name(WireReading reading);

/* "server", "client". */
const char *hvb_vantage_name(WireVantage vantage);

/* From where operations are timed. */
typedef enum {
    HVB_VANTAGES_SERVER,
    HVB_VANTAGES_CLIENT,
    HVB_VANTAGES_BOTH, /* as many from each */
} HvbVantages;

#define HVB_MAX_GUESTS 64

/* One guest of the bed. */
typedef struct {
    /* What it boots. */
    char *kernel;   /* a flavour built by guests/ ("cloud"), or a path */
    char *initrd;   /* a path, or "" for the flavour's own */
    char *cmdline;  /* added to the kernel's command line */
    char *image;    /* a disk image with a system of its own, or "" */
    gboolean agent; /* FALSE: the image has none; it never says HELLO */
    guint memory_mib;

    gboolean loaded;           /* has emulated users */
    HvbMeasured measured;      /* has probe users */
    gboolean manager;          /* a priority manager runs in it */
    guint users[HVB_N_LEVELS]; /* emulated users at each level, if loaded;
                                * natively for each host CPU */
    guint limit_percent; /* on its users together, enforced by the guest's own
                          * kernel, % of one CPU, 1 ... 100; 0: no limit */
    guint cap_percent;   /* of one CPU, 1 ... 100; 0: no cap */
    HvbCapScope cap_scope;
    guint cap_period_us; /* 1000 ... 1000000 */
    guint weight;        /* relative CPU share, 1 ... 10000, default 100 */
} HvbGuestProfile;

typedef struct {
    /* [scenario] */
    char *name;   /* letters, digits, '-', '_': also a file name */
    char *figure; /* the paper's, "" if none */
    char *title;
    char *path; /* the file that was loaded */

    /* [stack] */
    gboolean native; /* no guests: the agent runs on the host itself */
    HvbHypervisorChoice hypervisor;
    guint boot; /* profiles of different numbers do not share booted guests */
    HvbAccel accel;
    char *machine;  /* QEMU machine type */
    char *emulator; /* path, or "" for libvirt's choice */
    char *cpu;      /* "default", "host-passthrough", or a CPU model */

    /* [guests], [guest N] */
    guint n_guests; /* 1 ... HVB_MAX_GUESTS */
    guint hello_timeout_s;
    /* What [guest N] leaves unsaid. Its kernel may be a list, of which the
     * guests take one each, in turn. */
    HvbGuestProfile guest_defaults;
    HvbGuestProfile guests[HVB_MAX_GUESTS]; /* [0] is guest 1 */

    /* [host] */
    guint cpus; /* the first so many host CPUs (all, if there are fewer) are the
                 * guests'; 0: all */
    HvbAffinity affinity;
    guint services;         /* emulated processes of the host; 0: none */
    double service_percent; /* CPU that they ask for together, % of one */
    guint service_weight;   /* of the group of all services, 1 ... 10000; that
                             * of all guests together has 100 */
    guint service_burst_ms; /* mean of a burst, ms of CPU */
    gboolean host_manager;  /* a priority manager runs on the host */
    WireMethod host_method; /* never NONE */

    /* [disk] */
    HvbCache cache;          /* the host's */
    WireReading guest_cache; /* how `open` reads its document */

    /* [load] */
    gboolean levels[HVB_N_LEVELS]; /* which to measure; at least one */
    guint burst_mean_ms;
    guint burst_cut; /* times the mean */
    guint think_mean_ms;

    /* [probe] */
    guint mix[WIRE_N_OPERATIONS]; /* operations in proportion */
    WireOperation headline;
    HvbVantages vantages;
    guint slot_ms; /* one operation per slot */
    guint pool;    /* probe users */

    /* [manager] */
    WireMethod method; /* never NONE */
    guint manager_interval_ms;
    guint manager_memory_ms;
    double demote_percent;  /* of one CPU */
    double restore_percent; /* < demote_percent */
    int nice;               /* 1 ... 19 */

    /* [run] */
    guint samples;     /* of the headline operation per cell, guest and
                        * vantage */
    guint repetitions; /* cells per level */
    guint settle_ms;   /* between a change of the load and the window */
    guint drain_ms;    /* wait for unfinished operations, at most */
    guint64 seed;      /* 0: chosen at random, and recorded */
    guint reruns;      /* of a disturbed cell, at most */

    /* [gate]: a cell beyond these is disturbed or suspect */
    double foreign_percent; /* of one CPU, host CPU used by others */
    double steal_percent;   /* of one CPU, taken by the hypervisor below */
    guint lost_samples;     /* that never arrived, or made no sense */
    guint late_frame_ms;    /* a frame that was under way for longer */
    guint late_send_ms;     /* a client-side operation that was sent later */
    double drift_percent;   /* change of the guest's calibration */
} HvbProfile;

#define HVB_PROFILE_ERROR (hvb_profile_error_quark())
GQuark hvb_profile_error_quark(void);
typedef enum {
    HVB_PROFILE_ERROR_NOT_FOUND, /* no such file or shipped profile */
    HVB_PROFILE_ERROR_SYNTAX,    /* not a key file, unknown group or key */
    HVB_PROFILE_ERROR_VALUE,     /* out of range, or a contradiction */
} HvbProfileError;

/* Loads the profile in the file `name`, or, if `name` has no '/' and no such
 * file exists, the shipped profile of that name (".profile" may be left out).
 * Errors say file:line, the key and what would be accepted. */
HvbProfile *hvb_profile_load(const char *name, GError **error);
/* The same from a text without a base; `origin` stands for the file in
 * messages and becomes the profile's path. */
HvbProfile *hvb_profile_from_text(const char *text, const char *origin,
                                  GError **error);
void hvb_profile_free(HvbProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HvbProfile, hvb_profile_free)

/* What `quick` makes of a profile: it lowers each of these to the value here,
 * and never raises one. An explicit number of samples or repetitions beats
 * it. */
#define HVB_QUICK_SAMPLES 12
#define HVB_QUICK_REPETITIONS 1
#define HVB_QUICK_SETTLE_MS 4000
#define HVB_QUICK_DRAIN_MS 4000
#define HVB_QUICK_RERUNS 1

/* Settings that the command line may put in a profile's place. A member that
 * is 0 or NULL leaves the profile's value. */
typedef struct {
    gboolean quick; /* HVB_QUICK_SAMPLES and its like */
    guint samples;
    guint repetitions;
    const char *levels; /* "None,Overload", borrowed */
    guint guests;       /* of no effect on a native scenario */
    guint64 seed;
    const char *accel; /* "auto", "kvm", "tcg", borrowed */
} HvbOverrides;

/* Applies them. Errors (domain HVB_PROFILE_ERROR, code VALUE) name the option
 * as the user typed it ("--levels: no level 'Lwo'"), leaving `profile` as it
 * was. Fewer guests than the profile's [guest N] groups name are an error. */
gboolean hvb_profile_override(HvbProfile *profile,
                              const HvbOverrides *overrides, GError **error);

/* The effective configuration as a complete profile text: loading it again
 * gives the same profile. Caller frees. */
char *hvb_profile_to_text(const HvbProfile *profile);

/* Whether cells of both can run on the same booted guests: same stack, number
 * of guests, and what each of them boots. */
gboolean hvb_profile_same_bed(const HvbProfile *a, const HvbProfile *b);

/* The shipped profiles' names without ".profile", sorted, without those that
 * are bases only; see hvbench list. Caller frees. Error: NOT_FOUND, the
 * directory cannot be read. */
GStrv hvb_profile_list(GError **error);

/* Directory of the shipped files ("profiles", "guests" below it): the source
 * tree's when the program runs from its build directory, else
 * HVB_DATA_DIR; the environment's HVBENCH_DATA_DIR beats both. Caller frees. */
char *hvb_profile_dir(void);

/* Path of a file that guests/ builds: `file` of `flavour` ("cloud",
 * "vmlinuz"), or with `flavour` NULL one that all flavours share. It is the
 * build directory's when the program runs from there, else below
 * hvb_profile_dir(). The file need not exist. Caller frees. */
char *hvb_profile_guest_file(const char *flavour, const char *file);

/* Whether operations are timed from there. */
gboolean hvb_profile_has_vantage(const HvbProfile *profile,
                                 WireVantage vantage);
/* That from which the P3 is made: the server's side, if it is timed. */
WireVantage hvb_profile_vantage(const HvbProfile *profile);

/* The window that the profile asks for: how many of each operation and vantage,
 * in which slots. The headline's count is `samples`; the others follow the mix,
 * rounded up. cell and seed are 0. */
void hvb_profile_probe(const HvbProfile *profile, WireProbe *ret_probe);
/* How long that window is: a slot for each operation. */
guint64 hvb_profile_window_ms(const HvbProfile *profile);

#endif
