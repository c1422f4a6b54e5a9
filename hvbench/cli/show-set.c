/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/cli/show-set.h"

#include "hvbench/cli/profile-changes.h"
#include "hvbench/cli/terminal.h"
#include "hvbench/report/text.h"
#include "hvbench/results/origin.h"
#include "hvbench/run/budget.h"
#include "hvbench/run/plan.h"

#include <stdio.h>
#include <string.h>

#define LABEL_WIDTH 24
#define LEAST_WIDTH 60
#define MOST_WIDTH 100

/* Lines */

/* Columns that text may take. */
static guint width(void)
{
    HvbTerminal terminal;

    hvb_terminal_look(stdout, &terminal);
    return CLAMP(terminal.columns, LEAST_WIDTH, MOST_WIDTH);
}

/* Prints the text from column `indent` on, broken between words. */
static void print_wrapped(const char *text, guint indent)
{
    g_autoptr(GString) printable = g_string_new(NULL);
    g_autoptr(GString) lines = g_string_new(NULL);
    g_autofree char *prefix = g_strnfill(indent, ' ');

    hvb_terminal_append_printable(printable, text);
    hvb_terminal_append_wrapped(lines, indent, prefix, printable->str, width());
    printf("%s\n", lines->str);
}

static void print_fact(const char *label, const char *value)
{
    printf("  %-*s", LABEL_WIDTH - 2, label);
    print_wrapped(value && *value ? value : HVB_TEXT_NOTHING, LABEL_WIDTH);
}

static void print_item(const char *text)
{
    printf("    ");
    print_wrapped(text, 6);
}

/* "idle states" of "host.idle_states"; what is before the point is left out. */
static void print_key(const HvbProvenance *entry)
{
    g_autofree char *label = g_strdup(strchr(entry->key, '.') + 1);

    print_fact(g_strdelimit(label, "_", ' '), entry->value);
}

static char *time_text(gint64 realtime_us)
{
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(realtime_us / G_USEC_PER_SEC);

    return time ? g_date_time_format(time, "%F %T %z") : g_strdup("unknown");
}

/* The run */

static void print_end(const HvbRunRecord *run)
{
    g_autofree char *text =
        run->why ? g_strdup_printf("%s: %s", run->status, run->why)
                 : g_strdup(run->status);

    print_fact("status", text);
    if (run->ended_us > run->started_us) {
        double us = (double)(run->ended_us - run->started_us);
        g_autofree char *took = hvb_text_duration(us / G_USEC_PER_SEC);
        print_fact("took", took);
    }
}

static void print_run(const HvbRunRecord *run)
{
    g_autofree char *started = time_text(run->started_us);
    g_autofree char *seed = g_strdup_printf("%" G_GUINT64_FORMAT, run->seed);

    printf("Run\n");
    print_fact("hvbench", run->hvbench);
    print_fact("command", run->command_line);
    print_fact("seed", seed);
    print_fact("started", started);
    print_end(run);
}

/* The runs before it in the same database, which have no figures that count,
 * or whose figures somebody has put there. */
static gboolean print_earlier(HvbStore *store, const HvbRunRecord *run,
                              GError **error)
{
    g_autoptr(GError) failure = NULL;
    gint64 before = run->id;

    for (;;) {
        g_autoptr(HvbRunRecord) other =
            hvb_store_load_run_before(store, before, &failure);
        if (!other)
            break;
        g_autofree char *started = time_text(other->started_us);
        g_autoptr(GPtrArray) differences = hvb_origin_differences(other, run);
        before = other->id;
        printf("\nAn earlier run in it, of %s, is %s and not shown.\n", started,
               other->status);
        if (differences->len == 0)
            continue;
        printf("*** IT WAS NOT MADE ON THE SAME THING AS THIS ONE ***\n");
        for (guint i = 0; i < differences->len; i++)
            print_item(differences->pdata[i]);
    }
    if (failure)
        g_propagate_error(error, g_steal_pointer(&failure));
    return *error == NULL;
}

/* Host and stacks */

static void print_with_prefix(const HvbRunRecord *run, const char *prefix)
{
    for (guint i = 0; i < run->provenance->len; i++)
        if (g_str_has_prefix(((HvbProvenance *)run->provenance->pdata[i])->key,
                             prefix))
            print_key(run->provenance->pdata[i]);
}

/* What is neither the host's nor a stack's, nor an account of time. */
static void print_others(const HvbRunRecord *run)
{
    static const char *const elsewhere[] = {"host.", "stack",
                                            HVB_BUDGET_PLAN_PREFIX,
                                            HVB_BUDGET_USED_PREFIX};

    for (guint i = 0; i < run->provenance->len; i++) {
        const HvbProvenance *entry = run->provenance->pdata[i];
        gboolean shown = FALSE;
        for (guint p = 0; p < G_N_ELEMENTS(elsewhere); p++)
            shown = shown || g_str_has_prefix(entry->key, elsewhere[p]);
        if (!shown)
            print_fact(entry->key, entry->value);
    }
}

static char *scenarios_on(const HvbRunRecord *run, const guint *beds, guint bed)
{
    GString *names = g_string_new(NULL);

    for (guint i = 0; i < run->profiles->len; i++)
        if (beds[i] == bed)
            g_string_append_printf(
                names, "%s%s", names->len > 0 ? ", " : "",
                ((HvbProfile *)run->profiles->pdata[i])->name);
    return g_string_free(names, FALSE);
}

static void print_stacks(const HvbRunRecord *run)
{
    guint n_beds = 0;
    g_autofree guint *beds = hvb_plan_beds(run->profiles, &n_beds);

    for (guint bed = 0; bed < n_beds; bed++) {
        g_autofree char *names = scenarios_on(run, beds, bed);
        g_autofree char *prefix = bed == 0
                                      ? g_strdup("stack.")
                                      : g_strdup_printf("stack%u.", bed + 1);
        printf("\nStack%s\n", bed == 0 ? "" : ", another");
        print_fact("scenarios", names);
        print_with_prefix(run, prefix);
    }
}

/* Guests */

static char *reference_text(const HvbGuestRecord *guest, WireOperation o)
{
    const HvbReferences *references = &guest->references;
    g_autofree char *server =
        hvb_text_ms((double)references->ns[WIRE_SERVER][o] / 1e6);
    g_autofree char *client =
        hvb_text_ms((double)references->ns[WIRE_CLIENT][o] / 1e6);

    if (references->ns[WIRE_CLIENT][o] == 0)
        return references->ns[WIRE_SERVER][o] == 0 ? g_strdup("-")
                                                   : g_steal_pointer(&server);
    if (references->ns[WIRE_SERVER][o] == 0)
        return g_strconcat("/", client, NULL);
    return g_strconcat(server, "/", client, NULL);
}

static void print_guest(const HvbGuestRecord *guest)
{
    const WireCalibration *calibration = &guest->calibration;
    g_autofree char *key = reference_text(guest, WIRE_KEY);
    g_autofree char *open = reference_text(guest, WIRE_OPEN);
    g_autofree char *launch = reference_text(guest, WIRE_LAUNCH);
    g_autofree char *spread =
        hvb_text_tenths(calibration->spread_permille / 10.0);
    g_autofree char *rate =
        calibration->iterations_per_ms == 0
            ? g_strdup("-")
            : g_strdup_printf("%" G_GUINT64_FORMAT "%s",
                              calibration->iterations_per_ms,
                              calibration->converged ? "" : " !");

    printf("  %-10s %-11.20s %9s %5s %11s %11s %11s\n", guest->name,
           *guest->hello.clocksource ? guest->hello.clocksource : "-", rate,
           calibration->iterations_per_ms == 0 ? "-" : spread, key, open,
           launch);
}

static gboolean has_client_side(const HvbRunRecord *run)
{
    for (guint i = 0; i < run->guests->len; i++) {
        const HvbGuestRecord *guest =
            &g_array_index(run->guests, HvbGuestRecord, i);
        for (guint o = 0; o < WIRE_N_OPERATIONS; o++)
            if (guest->references.ns[WIRE_CLIENT][o] > 0)
                return TRUE;
    }
    return FALSE;
}

static gboolean has_unsteady(const HvbRunRecord *run)
{
    for (guint i = 0; i < run->guests->len; i++) {
        const WireCalibration *calibration =
            &g_array_index(run->guests, HvbGuestRecord, i).calibration;
        if (calibration->iterations_per_ms > 0 && !calibration->converged)
            return TRUE;
    }
    return FALSE;
}

/* In the order in which they were booted. */
static void print_guests(const HvbRunRecord *run)
{
    guint before = 0;

    if (run->guests->len == 0)
        return;
    printf("\nGuests: calibration, and undisturbed operations in ms%s\n"
           "  %-10s %-11s %9s %5s %11s %11s %11s\n",
           has_client_side(run) ? " (by guest/by host)" : "", "guest",
           "clocksource", "work/ms", "+- %", "key", "open", "launch");
    for (guint i = 0; i < run->guests->len; i++) {
        const HvbGuestRecord *guest =
            &g_array_index(run->guests, HvbGuestRecord, i);
        if (before > 0 && guest->guest <= before)
            printf("  booted anew:\n");
        before = guest->guest;
        print_guest(guest);
    }
    if (has_unsteady(run))
        printf("  ! its rounds of calibration did not agree\n");
}

/* Scenarios */

static void print_profile(const HvbProfile *profile, gboolean text)
{
    g_auto(HvbProfileChanges) found = {0};

    hvb_profile_changes_find(profile, &found);
    if (!found.shipped)
        printf("    not a shipped profile (%s); against the defaults:\n",
               profile->path);
    else if (found.changes->len == 0)
        printf("    as shipped\n");
    else
        printf("    not as shipped:\n");
    for (guint i = 0; i < found.changes->len; i++)
        print_item(found.changes->pdata[i]);
    if (text) {
        g_autofree char *whole = hvb_profile_to_text(profile);
        printf("\n%s\n", whole);
    }
}

static void print_scenario(const HvbRunRecord *run, guint scenario,
                           gboolean text)
{
    const HvbProfile *profile = run->profiles->pdata[scenario];
    guint n[HVB_CELL_FAILED + 1] = {0}, suspect = 0;

    for (guint i = 0; i < run->cells->len; i++) {
        const HvbCell *cell = run->cells->pdata[i];
        if (cell->scenario != scenario)
            continue;
        n[cell->status]++;
        suspect += cell->status == HVB_CELL_DONE && cell->suspect ? 1 : 0;
    }
    printf("  %-20s %5u %8u %10u %7u\n", profile->name, n[HVB_CELL_DONE],
           suspect, n[HVB_CELL_DISTURBED], n[HVB_CELL_FAILED]);
    print_profile(profile, text);
}

static void print_scenarios(const HvbRunRecord *run, gboolean texts)
{
    printf("\nScenarios, with their cells by status\n  %-20s %5s %8s %10s %7s"
           "\n",
           "", "done", "suspect", "disturbed", "failed");
    for (guint i = 0; i < run->profiles->len; i++)
        print_scenario(run, i, texts);
}

/* What went wrong, or may have. */
static void print_events(const HvbRunRecord *run)
{
    static const char *const kinds[] = {"calibration", "host",    "lost",
                                        "reboot",      "warning", NULL};
    guint n = 0;

    for (guint i = 0; i < run->events->len; i++) {
        const HvbEventRecord *event =
            &g_array_index(run->events, HvbEventRecord, i);
        if (!g_strv_contains(kinds, event->kind))
            continue;
        if (n++ == 0)
            printf("\nWhat to bear in mind\n");
        print_item(event->text);
    }
}

gboolean hvb_show_set(const char *dir, gboolean texts, GError **error)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(HvbStore) store = hvb_store_open(dir, FALSE, error);
    g_autoptr(HvbRunRecord) run =
        store ? hvb_store_load_run(store, error) : NULL;

    if (!run)
        return FALSE;
    print_run(run);
    print_others(run);
    if (!print_earlier(store, run, &failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    printf("\nHost\n");
    print_with_prefix(run, "host.");
    print_stacks(run);
    print_guests(run);
    print_scenarios(run, texts);
    print_events(run);
    return TRUE;
}
