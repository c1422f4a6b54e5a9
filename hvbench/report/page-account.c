/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the host's CPU went, and the time. */
#include "hvbench/bed/throttling.h"
#include "hvbench/report/page-parts.h"
#include "hvbench/report/text.h"
#include "hvbench/results/origin.h"

#include <math.h>
#include <string.h>

/* What of a guest the account adds up and shows. */
typedef enum {
    VCPU,
    EMULATOR,
    HOST,
    GUEST,
    STEAL,
    THROTTLED,
    PERIODS,
    USED,
    OVERHEAD,
    N_COLUMNS,
} Column;

static const char *const column_names[N_COLUMNS] = {
    [VCPU] = "vcpu",        [EMULATOR] = "emulator", [HOST] = "host",
    [GUEST] = "guest_view", [STEAL] = "steal",       [THROTTLED] = "throttled",
    [PERIODS] = "periods",  [USED] = "used",         [OVERHEAD] = "overhead",
};

typedef struct {
    double column[N_COLUMNS];
} Figures;

/* NaN for an overhead so far below zero that it is none: the guest's clocks ran
 * on while it stood still. Around zero the two meters differ by a tick. */
#define NO_OVERHEAD_PERCENT (-1.0)

static double tellable(double overhead_percent)
{
    return overhead_percent < NO_OVERHEAD_PERCENT ? NAN : overhead_percent;
}

static Figures figures_of(const HvbAccountGuest *guest)
{
    return (Figures){{
        [VCPU] = guest->vcpu_percent,
        [EMULATOR] = guest->emulator_percent,
        [HOST] = guest->host_percent,
        [GUEST] = guest->guest_busy_percent,
        [STEAL] = guest->steal_percent,
        [THROTTLED] = guest->throttled_percent,
        [PERIODS] = guest->throttled_periods_per_s,
        [USED] = guest->used_percent,
        [OVERHEAD] = tellable(guest->overhead_percent),
    }};
}

static void set_figures(JsonObject *object, const Figures *figures)
{
    for (guint c = 0; c < N_COLUMNS; c++)
        hvb_page_set(object, column_names[c],
                     hvb_text_tenths(figures->column[c]));
}

static gboolean is_measured(const HvbAccountGuest *guest)
{
    return guest->measured != HVB_MEASURED_NO;
}

static gboolean is_shown(const HvbAccountGuest *guest)
{
    return guest->loaded || is_measured(guest);
}

static gboolean is_other(const HvbAccountGuest *guest)
{
    return !is_shown(guest);
}

/* Sums of those guests' figures; returns how many they are. */
static guint add_up(const HvbAccountLevel *level,
                    gboolean (*wanted)(const HvbAccountGuest *),
                    Figures *ret_sum)
{
    guint n = 0;

    *ret_sum = (Figures){{0}};
    for (guint g = 0; g < level->guests->len; g++) {
        const HvbAccountGuest *guest =
            &g_array_index(level->guests, HvbAccountGuest, g);
        Figures figures = figures_of(guest);
        if (!wanted(guest))
            continue;
        for (guint c = 0; c < N_COLUMNS; c++)
            ret_sum->column[c] += figures.column[c];
        n++;
    }
    return n;
}

/* Means of the measured guests; NaN if there is none. */
static Figures mean_of(const HvbAccountLevel *level)
{
    Figures mean;
    guint n = add_up(level, is_measured, &mean);

    for (guint c = 0; c < N_COLUMNS; c++)
        mean.column[c] = n > 0 ? mean.column[c] / n : NAN;
    return mean;
}

static char *host_text(const HvbAccountLevel *level)
{
    const struct {
        double percent;
        const char *what;
    } parts[] = {
        {level->services_percent, "host services"},
        {level->manager_percent, "host manager"},
        {level->own_percent, "hvbench"},
        {level->foreign_percent, "others"},
        {level->host_steal_percent, "taken from the host (of all its CPUs)"},
    };
    g_autofree char *total = hvb_text_percent(level->host_total_percent);
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "host busy: %s of all its CPUs", total);
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_autofree char *percent = hvb_text_percent(parts[i].percent);
        if (parts[i].percent >= 0.05)
            g_string_append_printf(text, " · %s: %s", parts[i].what, percent);
    }
    return g_string_free(text, FALSE);
}

/* Takes `who` over. */
static void add_row(JsonArray *rows, char *who, const Figures *figures)
{
    JsonObject *row = json_object_new();

    hvb_page_set(row, "who", who);
    set_figures(row, figures);
    json_array_add_object_element(rows, row);
}

static JsonArray *guest_rows(const HvbAccountLevel *level)
{
    JsonArray *rows = json_array_new();
    Figures others;
    guint n_others = add_up(level, is_other, &others);

    for (guint g = 0; g < level->guests->len; g++) {
        const HvbAccountGuest *guest =
            &g_array_index(level->guests, HvbAccountGuest, g);
        Figures figures = figures_of(guest);
        if (is_shown(guest))
            add_row(rows, g_strdup_printf("guest %u", guest->guest), &figures);
    }
    if (n_others > 0)
        add_row(rows, g_strdup_printf("%u idle, together", n_others), &others);
    return rows;
}

static JsonObject *level_of(const HvbAccountLevel *level)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "level",
                                  hvb_level_name(level->level));
    json_object_set_array_member(object, "rows", guest_rows(level));
    hvb_page_set(object, "host_text", host_text(level));
    return object;
}

/* The overhead at each level, with a place for those without. */
static JsonArray *overheads_of(const GArray *account)
{
    JsonArray *overheads = json_array_new();

    for (guint which = 0; which < HVB_N_LEVELS; which++) {
        g_autofree char *text = NULL;
        for (guint i = 0; i < account->len; i++) {
            const HvbAccountLevel *level =
                &g_array_index(account, HvbAccountLevel, i);
            if (level->level == which)
                text = hvb_text_tenths(mean_of(level).column[OVERHEAD]);
        }
        json_array_add_string_element(overheads, text ? text : "");
    }
    return overheads;
}

static JsonObject *scenario_of(const HvbP3 *p3, const GArray *account)
{
    const HvbAccountLevel *highest =
        &g_array_index(account, HvbAccountLevel, account->len - 1);
    Figures mean = mean_of(highest);
    JsonObject *object = json_object_new();
    JsonArray *levels = json_array_new();

    json_object_set_string_member(object, "name", p3->scenario);
    hvb_page_set(object, "heading", hvb_text_heading(p3));
    json_object_set_string_member(object, "highest",
                                  hvb_level_name(highest->level));
    set_figures(object, &mean);
    json_object_set_array_member(object, "overheads", overheads_of(account));
    for (guint i = 0; i < account->len; i++)
        json_array_add_object_element(
            levels, level_of(&g_array_index(account, HvbAccountLevel, i)));
    json_object_set_array_member(object, "account_levels", levels);
    return object;
}

/* What the host's kernel means by throttled time. Older result sets have only
 * its release to tell, and its version's text after that. */
char *hvb_page_throttling(const HvbRunRecord *run)
{
    const char *stored = hvb_origin_value(run, "host.throttling");
    const char *kernel = hvb_origin_value(run, "host.kernel");

    if (stored)
        return g_strdup(
            hvb_throttling_sentence(hvb_throttling_of_name(stored)));
    g_autofree char *release =
        kernel ? g_strndup(kernel, strcspn(kernel, " ")) : g_strdup("");
    return g_strdup(
        hvb_throttling_sentence(hvb_throttling_of_release(release)));
}

JsonArray *hvb_page_account(const HvbFindings *findings, GPtrArray *ordered)
{
    JsonArray *scenarios = json_array_new();

    for (guint p = 0; p < ordered->len; p++) {
        const GArray *account;
        guint index = 0;

        g_ptr_array_find(findings->p3s, ordered->pdata[p], &index);
        account = findings->accounts->pdata[index];
        if (account->len > 0)
            json_array_add_object_element(scenarios,
                                          scenario_of(ordered->pdata[p],
                                                      account));
    }
    return scenarios;
}

static void set_spent(JsonObject *row, const char *n_name, const char *s_name,
                      gboolean is_known, const HvbSpent *spent)
{
    hvb_page_set(row, n_name,
                 is_known && spent->n > 0 ? g_strdup_printf("%u", spent->n)
                                          : g_strdup(HVB_TEXT_NOTHING));
    hvb_page_set(row, s_name,
                 is_known ? hvb_text_duration(spent->seconds)
                          : g_strdup(HVB_TEXT_NOTHING));
}

static JsonObject *time_row(const char *name, const HvbTimeFinding *time)
{
    JsonObject *row = json_object_new();

    json_object_set_string_member(row, "name", name);
    json_object_set_boolean_member(row, "is_scenario", time->is_scenario);
    set_spent(row, "plan_n", "plan_time", time->has_plan, &time->plan);
    set_spent(row, "use_n", "use_time", time->has_use, &time->use);
    return row;
}

void hvb_page_set_times(JsonObject *page, const HvbFindings *findings)
{
    const char *budget =
        hvb_findings_provenance(findings, HVB_BUDGET_SECONDS_KEY);
    const char *left_out =
        hvb_findings_provenance(findings, HVB_BUDGET_LEFT_OUT_KEY);
    HvbTimeFinding total = {.has_plan = TRUE, .has_use = TRUE};
    JsonArray *rows = json_array_new();

    for (guint i = 0; i < findings->times->len; i++) {
        const HvbTimeFinding *time =
            &g_array_index(findings->times, HvbTimeFinding, i);
        json_array_add_object_element(rows, time_row(time->name, time));
        total.plan.seconds += time->plan.seconds;
        total.use.seconds += time->use.seconds;
        if (time->is_scenario) {
            total.plan.n += time->plan.n;
            total.use.n += time->use.n;
        }
    }
    if (findings->times->len > 0)
        json_array_add_object_element(rows, time_row("in all", &total));
    json_object_set_array_member(page, "times", rows);
    if (budget)
        hvb_page_set(page, "budget",
                     hvb_text_duration(g_ascii_strtod(budget, NULL)));
    hvb_page_set(page, "left_out", g_strdup(left_out));
}
