/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/profile/check.h"

#include "hvbench/profile/blame.h"
#include "hvbench/profile/keys.h"
#include "hvbench/profile/turn.h"
#include "loadgen/operations.h"

#include <math.h>
#include <string.h>

/* What the kernel takes as a quota, at least. */
#define MIN_QUOTA_US 1000

typedef HvbContradiction Contradiction;
typedef Contradiction (*CheckFunc)(const HvbProfile *profile);

static const Contradiction none = {NULL, NULL, 0, NULL};

static Contradiction check_name(const HvbProfile *profile)
{
    if (*profile->name)
        return none;
    return (Contradiction){
        "scenario", "name", 0,
        g_strdup("a scenario needs a name; a profile without one is only a "
                 "base for others")};
}

/* What a scenario without guests must leave as it is by default; but one guest
 * stands for the host itself. */
static Contradiction check_native(const HvbProfile *profile)
{
    static const struct {
        const char *group;
        const char *key;
        const char *expected;
    } settings[] = {
        {"stack", "hypervisor", "A"},     {"guests", "count", "1"},
        {"guests", "image", ""},          {"guests", "agent", "yes"},
        {"guests", "limit-percent", "0"}, {"guests", "manager", "no"},
        {"guests", "cap-percent", "0"},   {"guests", "weight", "100"},
        {"host", "affinity", "float"},    {"host", "services", "0"},
        {"host", "manager", "no"},        {"disk", "cache", "default"},
    };

    for (gsize i = 0; profile->native && i < G_N_ELEMENTS(settings); i++) {
        const HvbKey *key = hvb_key_find(settings[i].group, settings[i].key);
        const char *expected = settings[i].expected;
        g_autofree char *value =
            hvb_key_format(key, key->per_guest
                                    ? (gconstpointer)&profile->guests[0]
                                    : (gconstpointer)profile);
        if (strcmp(value, expected) != 0)
            return (Contradiction){
                settings[i].group, settings[i].key, key->per_guest ? 1 : 0,
                g_strdup_printf("does not go with 'native = yes' in [stack]; "
                                "expected %s",
                                *expected ? expected : "nothing")};
    }
    return none;
}

static Contradiction check_kernel(const HvbProfile *profile)
{
    if (hvb_key_has_kernels(&profile->guest_defaults) &&
        *profile->guest_defaults.initrd)
        return (Contradiction){
            "guests", "initrd", 0,
            g_strdup("one initramfs does not fit several kernels; leave it "
                     "out, or name one kernel")};
    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        if (hvb_key_has_kernels(guest))
            return (Contradiction){
                "guests", "kernel", i + 1,
                g_strdup("a guest boots one kernel; several are for [guests], "
                         "which take them in turn")};
        if (strchr(guest->kernel, '/') && !*guest->initrd && !*guest->image)
            return (Contradiction){
                "guests", "kernel", i + 1,
                g_strdup("a kernel given by its path needs an initrd, too")};
    }
    return none;
}

/* What is told to a kernel does not reach a boot loader's. */
static Contradiction check_loader(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        if (!strchr(guest->image, '/') || strchr(guest->kernel, '/') ||
            (!*guest->initrd && !*guest->cmdline))
            continue;
        return (Contradiction){
            "guests", *guest->initrd ? "initrd" : "cmdline", i + 1,
            g_strdup_printf("guest %u boots by its image's own boot loader, "
                            "which is not told; say kernel = FILE, too",
                            i + 1)};
    }
    return none;
}

static Contradiction check_agent(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        if (guest->agent)
            continue;
        if (!*guest->image)
            return (Contradiction){
                "guests", "agent", i + 1,
                g_strdup("only a disk image can come without the agent; say "
                         "image, too")};
        if (guest->loaded || guest->measured || guest->manager)
            return (Contradiction){
                "guests", "agent", i + 1,
                g_strdup_printf("guest %u can be neither loaded nor measured "
                                "nor have a manager without the agent",
                                i + 1)};
    }
    return none;
}

static Contradiction check_measured(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        if (profile->guests[i].measured)
            return none;
    }
    return (Contradiction){
        "guests", "measured", 0,
        g_strdup("no guest is measured; say 'measured = yes' in [guest 1]")};
}

static Contradiction check_loaded(const HvbProfile *profile)
{
    gboolean wanted = FALSE;

    for (guint i = 0; i < profile->n_guests; i++) {
        if (profile->guests[i].loaded)
            return none;
    }
    for (int i = 1; i < HVB_N_LEVELS; i++)
        wanted = wanted || profile->levels[i];
    if (!wanted)
        return none;
    return (Contradiction){
        "guests", "loaded", 0,
        g_strdup("there are levels with users, but no guest is loaded; say "
                 "'loaded = yes' in [guest 1], or 'levels = None' in [load]")};
}

static Contradiction check_limits(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        if (profile->guests[i].limit_percent > 0 && !profile->guests[i].loaded)
            return (Contradiction){
                "guests", "limit-percent", i + 1,
                g_strdup_printf("it limits the users, and guest %u is not "
                                "loaded",
                                i + 1)};
    }
    return none;
}

static Contradiction check_caps(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        guint quota_us = guest->cap_percent * guest->cap_period_us / 100;
        if (guest->cap_percent > 0 && quota_us < MIN_QUOTA_US)
            return (Contradiction){
                "guests", "cap-period-us", i + 1,
                g_strdup_printf("%u %% of it are %u us, and a cap needs at "
                                "least %d us per period",
                                guest->cap_percent, quota_us, MIN_QUOTA_US)};
    }
    return none;
}

/* A guest that is asked anything must be able to answer. */
static Contradiction check_weights(const HvbProfile *profile)
{
    for (guint i = 0; i < profile->n_guests; i++) {
        const HvbGuestProfile *guest = &profile->guests[i];
        guint least = hvb_turn_least_weight(profile, i, HVB_STAND_LIMIT_MS);
        if (guest->weight >= least ||
            (!guest->loaded && !guest->measured && !guest->manager))
            continue;
        return (Contradiction){
            "guests", "weight", i + 1,
            g_strdup_printf("beside the others guest %u runs for some ms and "
                            "then stands for up to %.0f s, too long to "
                            "answer; expected at least %u, or less for the "
                            "others",
                            i + 1, (double)hvb_turn_stand_ms(profile, i) / 1000,
                            least)};
    }
    return none;
}

/* A neighbour may have users at None already. */
static Contradiction check_users(const HvbProfile *profile)
{
    for (guint g = 0; g < profile->n_guests; g++) {
        const HvbGuestProfile *guest = &profile->guests[g];
        if (guest->measured == HVB_MEASURED_YES && guest->loaded &&
            guest->users[HVB_LEVEL_NONE] > 0)
            return (Contradiction){"guests", "users", g + 1,
                                   g_strdup("level None has no users; a guest "
                                            "with users at None is measured "
                                            "apart")};
        for (int i = 1; i < HVB_N_LEVELS; i++) {
            if (guest->users[i] < guest->users[i - 1])
                return (Contradiction){
                    "guests", "users", g + 1,
                    g_strdup_printf("%s has fewer users than %s",
                                    hvb_level_name((HvbLevel)i),
                                    hvb_level_name((HvbLevel)(i - 1)))};
        }
    }
    return none;
}

static Contradiction check_services(const HvbProfile *profile)
{
    guint most_percent = 100 * profile->services;

    if (profile->services == 0 || profile->service_percent <= most_percent)
        return none;
    return (
        Contradiction){"host", "service-percent", 0,
                       g_strdup_printf("%u services can ask for %u %% at most",
                                       profile->services, most_percent)};
}

static Contradiction check_reading(const HvbProfile *profile)
{
    if (profile->guest_cache == WIRE_READING_DIRECT ||
        profile->mix[WIRE_OPEN] > 0)
        return none;
    return (Contradiction){
        "disk", "guest-cache", 0,
        g_strdup("only 'open' reads a document, and the mix has no 'open'")};
}

static Contradiction check_headline(const HvbProfile *profile)
{
    if (profile->mix[profile->headline] > 0)
        return none;
    return (
        Contradiction){"probe", "headline", 0,
                       g_strdup_printf("the mix has no '%s'",
                                       hvb_operation_name(profile->headline))};
}

/* The probe must not be a load itself: a tenth of a CPU at most. */
static Contradiction check_probe_load(const HvbProfile *profile)
{
    guint operations = 0, busy_ms = 0;

    for (int i = 0; i < WIRE_N_OPERATIONS; i++) {
        operations += profile->mix[i];
        busy_ms += profile->mix[i] * operation_work_ms((WireOperation)i);
    }
    if (busy_ms * 10 <= operations * profile->slot_ms)
        return none;
    return (Contradiction){
        "probe", "slot-ms", 0,
        g_strdup_printf("with this mix the probe takes more than 10 %% of a "
                        "CPU; expected at least %u",
                        (busy_ms * 10 + operations - 1) / operations)};
}

static Contradiction check_samples(const HvbProfile *profile)
{
    guint64 operations = hvb_profile_window_ms(profile) / profile->slot_ms;

    if (operations <= WIRE_MAX_SCHEDULE)
        return none;
    return (Contradiction){
        "run", "samples", 0,
        g_strdup_printf("with this mix %u samples make %" G_GUINT64_FORMAT
                        " operations in a window; expected at most %d",
                        profile->samples, operations, WIRE_MAX_SCHEDULE)};
}

/* The agent is told in permille. */
static Contradiction check_thresholds(const HvbProfile *profile)
{
    if (lround(profile->restore_percent * 10) <
        lround(profile->demote_percent * 10))
        return none;
    return (Contradiction){
        "manager", "restore-percent", 0,
        g_strdup("expected at least 0.1 less than demote-percent")};
}

static Contradiction check_memory(const HvbProfile *profile)
{
    if (profile->manager_memory_ms >= profile->manager_interval_ms)
        return none;
    return (Contradiction){
        "manager", "memory-ms", 0,
        g_strdup_printf("expected at least interval-ms, which is %u",
                        profile->manager_interval_ms)};
}

/* Each with the other keys that have a part in what it finds. The headline
 * before the samples, which are counted by its share. */
static const struct {
    CheckFunc find;
    HvbKeyName others[5];
} checks[] = {
    {check_name, {{0}}},
    {check_native, {{"stack", "native"}}},
    {check_kernel,
     {{"guests", "kernel"}, {"guests", "initrd"}, {"guests", "image"}}},
    {check_loader, {{"guests", "image"}, {"guests", "kernel"}}},
    {check_agent,
     {{"guests", "image"},
      {"guests", "loaded"},
      {"guests", "measured"},
      {"guests", "manager"}}},
    {check_measured, {{"guests", "measured"}}},
    {check_loaded, {{"guests", "loaded"}, {"load", "levels"}}},
    {check_limits, {{"guests", "loaded"}}},
    {check_caps, {{"guests", "cap-percent"}}},
    {check_weights,
     {{"guests", "loaded"}, {"guests", "measured"}, {"guests", "manager"}}},
    {check_users, {{"guests", "measured"}, {"guests", "loaded"}}},
    {check_services, {{"host", "services"}}},
    {check_reading, {{"probe", "mix"}}},
    {check_headline, {{"probe", "mix"}}},
    {check_probe_load, {{"probe", "mix"}}},
    {check_samples,
     {{"probe", "mix"}, {"probe", "headline"}, {"probe", "vantage"}}},
    {check_thresholds, {{"manager", "demote-percent"}}},
    {check_memory, {{"manager", "interval-ms"}}},
};

/* Whether any of the files has the key in that very group. */
static gboolean is_given(GPtrArray *sources, const char *group, const char *key)
{
    for (guint i = 0; i < sources->len; i++) {
        if (hvb_source_find(sources->pdata[i], group, key))
            return TRUE;
    }
    return FALSE;
}

/* A [guest N] that says how a cap works, but nowhere how large it is. The
 * values alone do not show it. */
static gboolean check_cap_is_given(const HvbProfile *profile,
                                   const HvbSource *source, GPtrArray *sources,
                                   GError **error)
{
    for (guint i = 0; i < source->settings->len; i++) {
        const HvbSetting *setting = source->settings->pdata[i];
        guint guest = hvb_key_guest(setting->group);
        if (guest == 0 || !setting->key ||
            !g_str_has_prefix(setting->key, "cap-") ||
            profile->guests[guest - 1].cap_percent > 0 ||
            is_given(sources, setting->group, "cap-percent"))
            continue;
        hvb_source_complain(source, setting, HVB_PROFILE_ERROR_VALUE, error,
                            "guest %u has no cap; say cap-percent, too", guest);
        return FALSE;
    }
    return TRUE;
}

/* `ret_others` may be NULL. */
static Contradiction find_contradiction(const HvbProfile *profile,
                                        const HvbKeyName **ret_others)
{
    for (gsize i = 0; i < G_N_ELEMENTS(checks); i++) {
        Contradiction found = checks[i].find(profile);
        if (ret_others)
            *ret_others = checks[i].others;
        if (found.why)
            return found;
    }
    return none;
}

char *hvb_profile_contradiction(const HvbProfile *profile)
{
    return find_contradiction(profile, NULL).why;
}

gboolean hvb_profile_check(const HvbProfile *profile, GPtrArray *sources,
                           GError **error)
{
    const HvbKeyName *others = NULL;
    Contradiction found = find_contradiction(profile, &others);

    if (found.why) {
        hvb_blame(profile, sources, &found, others, error);
        g_free(found.why);
        return FALSE;
    }
    for (guint i = 0; i < sources->len; i++) {
        if (!check_cap_is_given(profile, sources->pdata[i], sources, error))
            return FALSE;
    }
    return TRUE;
}
