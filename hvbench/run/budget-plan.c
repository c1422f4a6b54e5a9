/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "hvbench/run/budget-plan.h"

#include "loadgen/random.h"

#include <math.h>
#include <stdlib.h>

#define NARROW_MS 10.0
#define NARROW_SHARE 0.1
#define CELLS_AT_LEAST 3
/* So often a cell of the first round is tried until it counts, before it has to
 * wait like a repetition. */
#define CHANCES 2
/* Urgencies (see urgency_of()) from this on are of more than was chosen. */
#define EXTRA ((guint)HVB_N_RANKS * (1 + CELLS_AT_LEAST))

/* What is known of a scenario at a level. */
typedef struct {
    guint over; /* cells that were run, whether they count or not */
    HvbKnown known;
} Progress;

typedef struct {
    HvbPlanner base;
    GPtrArray *profiles;
    const GArray *chosen;
    const HvbLedger *ledger;
    double budget_s;
    guint64 seed;
    Random random;
    gboolean insists; /* on a cell of each chosen level */
    gboolean *up;     /* per bed */
    guint last;       /* the last bed of which a cell is over */
    Progress (*progress)[HVB_N_LEVELS];
    GHashTable *done;
    GQueue round; /* Candidate *, in the order in which they will run */
} BudgetPlan;

/* A scenario at a level that could be measured (again). */
typedef struct {
    guint scenario;
    HvbLevel level;
    gboolean owed; /* whether it fits or not */
    guint urgency; /* small: more urgent */
    double width;  /* of its interval against what would be narrow */
    double price_s;
} Candidate;

static HvbRank rank_of(const BudgetPlan *self, guint scenario, guint level)
{
    return g_array_index(self->chosen, HvbChosen, scenario).rank[level];
}

/* Half the width of the interval in units of what is narrow enough. */
static double width_of(const HvbKnown *known)
{
    if (known->cells < CELLS_AT_LEAST || isnan(known->half_ms))
        return HUGE_VAL;
    return known->half_ms /
           fmax(NARROW_MS, NARROW_SHARE * fabs(known->mean_ms));
}

static gboolean is_twice(const BudgetPlan *self, guint scenario, guint level)
{
    return g_array_index(self->chosen, HvbChosen, scenario).twice[level];
}

static gboolean is_owed(const BudgetPlan *self, guint scenario, guint level)
{
    return self->insists && rank_of(self, scenario, level) != HVB_RANK_NONE &&
           self->progress[scenario][level].over == 0;
}

/* Beds that are done stay so, but for what is owed. */
static gboolean may_run(const BudgetPlan *self, guint scenario, guint level)
{
    return self->base.beds[scenario] >= self->last ||
           is_owed(self, scenario, level);
}

static gboolean is_first_cell(const Progress *progress)
{
    return progress->known.cells == 0 && progress->over < CHANCES;
}

/* The rank in the first round of the next cell; NONE: it is over for it. */
static HvbRank rank_in_round(const BudgetPlan *self, guint scenario,
                             guint level)
{
    const Progress *progress = &self->progress[scenario][level];

    if (is_first_cell(progress))
        return rank_of(self, scenario, level);
    if (is_twice(self, scenario, level) && progress->known.cells < 2 &&
        progress->over < 2 * CHANCES)
        return HVB_RANK_CORE;
    return HVB_RANK_NONE;
}

/* How many cells of the first round are still to do there that are owed, or at
 * least as important as `rank`. */
static guint count_due(const BudgetPlan *self, guint scenario, guint level,
                       HvbRank rank)
{
    HvbRank next = rank_in_round(self, scenario, level);
    guint n = 0;

    if (next == HVB_RANK_NONE)
        return 0;
    n += next <= rank || is_owed(self, scenario, level) ? 1 : 0;
    if (is_first_cell(&self->progress[scenario][level]) &&
        is_twice(self, scenario, level) && rank >= HVB_RANK_CORE)
        n++;
    return n;
}

/* Prices */

static const HvbProfile *profile_on(const BudgetPlan *self, guint bed)
{
    guint i = 0;

    while (self->base.beds[i] != bed)
        i++;
    return self->profiles->pdata[i];
}

/* Without connecting to libvirt, which is done once. */
static double price_of_bed(const BudgetPlan *self, guint bed)
{
    guint calibrated = hvb_choice_calibrated(self->profiles, self->chosen,
                                             self->base.beds, bed);

    return hvb_price_boot(self->ledger, profile_on(self, bed)) +
           hvb_price_calibration(self->ledger, calibrated);
}

/* All beds from this one on that are not up. */
static double price_of_beds(const BudgetPlan *self, guint from)
{
    gboolean has_guests = FALSE;
    double price_s = 0;

    for (guint bed = from; bed < self->base.n_beds; bed++) {
        if (self->up[bed])
            continue;
        has_guests = has_guests || !profile_on(self, bed)->native;
        price_s += price_of_bed(self, bed);
    }
    return price_s + (has_guests ? hvb_price_setup(self->ledger) : 0);
}

/* All cells of the bed that what was chosen takes to be of use. */
static double price_of_use(const BudgetPlan *self, guint bed)
{
    double price_s = 0;

    for (guint s = 0; s < self->profiles->len; s++) {
        const HvbChosen *chosen = &g_array_index(self->chosen, HvbChosen, s);
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            if (self->base.beds[s] == bed &&
                chosen->rank[level] != HVB_RANK_NONE)
                price_s += chosen->cells[level] *
                           hvb_price_cell(self->ledger, self->profiles, s);
    }
    return price_s;
}

/* What of the first round is still to do on the beds after this one and at
 * least as important as `rank`. */
static double price_of_later(const BudgetPlan *self, guint bed, HvbRank rank)
{
    double price_s = 0;

    for (guint s = 0; s < self->profiles->len; s++)
        for (guint level = 0; level < HVB_N_LEVELS; level++)
            if (self->base.beds[s] > bed)
                price_s += count_due(self, s, level, rank) *
                           hvb_price_cell(self->ledger, self->profiles, s);
    return price_s;
}

/* The time that is left on this bed for cells of the first round of this rank;
 * of HVB_N_RANKS: for repetitions, up to the bed's part. */
static double room_on(const BudgetPlan *self, guint bed, HvbRank rank,
                      double reserve_s)
{
    double all_s = 0, up_to_here_s = 0;
    double used_s = hvb_ledger_cells(self->ledger);
    double room_s = self->budget_s - reserve_s -
                    hvb_ledger_total(self->ledger) -
                    hvb_price_report(self->ledger) - price_of_beds(self, bed);
    double own_s = room_s - price_of_later(self, bed, rank);

    if (rank != HVB_N_RANKS)
        return own_s;
    for (guint b = 0; b < self->base.n_beds; b++) {
        double use_s = price_of_use(self, b);
        all_s += use_s;
        up_to_here_s += b <= bed ? use_s : 0;
    }
    return fmin(own_s, (room_s + used_s) * up_to_here_s / all_s - used_s);
}

/* The time that is left on this bed for the candidate. */
static double room_for(const BudgetPlan *self, guint bed,
                       const Candidate *candidate)
{
    double reserve_s = hvb_budget_reserve(self->budget_s);

    if (candidate->owed)
        return HUGE_VAL;
    return room_on(self, bed, (HvbRank)MIN(candidate->urgency, HVB_N_RANKS),
                   candidate->urgency >= EXTRA ? reserve_s : 0);
}

/* Rounds */

static int compare_candidates(gconstpointer a, gconstpointer b)
{
    const Candidate *x = a;
    const Candidate *y = b;

    if (x->owed != y->owed)
        return x->owed ? -1 : 1;
    if (x->urgency != y->urgency)
        return x->urgency < y->urgency ? -1 : 1;
    return (x->width < y->width) - (x->width > y->width);
}

/* First the cells of the first round by rank; then those with fewer cells than
 * what rests on them takes; then those with too few for an early end; then the
 * others. */
static guint urgency_of(const BudgetPlan *self, guint scenario, guint level)
{
    const HvbChosen *chosen = &g_array_index(self->chosen, HvbChosen, scenario);
    guint cells = self->progress[scenario][level].known.cells;
    HvbRank rank = rank_in_round(self, scenario, level);

    if (rank != HVB_RANK_NONE)
        return rank;
    if (cells >= CELLS_AT_LEAST)
        return EXTRA + HVB_N_RANKS * CELLS_AT_LEAST;
    return (cells < chosen->cells[level] ? HVB_N_RANKS : EXTRA) +
           HVB_N_RANKS * cells + chosen->rank[level];
}

static GArray *find_candidates(const BudgetPlan *self, guint bed)
{
    GArray *candidates = g_array_new(FALSE, FALSE, sizeof(Candidate));

    for (guint s = 0; s < self->profiles->len; s++) {
        if (self->base.beds[s] != bed)
            continue;
        for (guint level = 0; level < HVB_N_LEVELS; level++) {
            const Candidate candidate = {
                .scenario = s,
                .level = (HvbLevel)level,
                .owed = is_owed(self, s, level),
                .urgency = urgency_of(self, s, level),
                .width = width_of(&self->progress[s][level].known),
                .price_s = hvb_price_cell(self->ledger, self->profiles, s),
            };
            if (rank_of(self, s, level) != HVB_RANK_NONE &&
                may_run(self, s, level) && candidate.width > 1)
                g_array_append_val(candidates, candidate);
        }
    }
    g_array_sort(candidates, compare_candidates);
    return candidates;
}

/* How many of the sorted candidates make a round, as far as there is room: in
 * the first round those of the first one's rank, else those that need it as
 * much as the first one, whatever their rank. */
static guint round_length(const BudgetPlan *self, guint bed,
                          const GArray *candidates)
{
    const Candidate *first = (const Candidate *)candidates->data;
    guint n = 0;

    if (candidates->len == 0)
        return 0;
    HvbRank rank = (HvbRank)MIN(first->urgency, (guint)HVB_N_RANKS);
    double room_s = room_for(self, bed, first);
    while (n < candidates->len && first[n].price_s <= room_s &&
           first[n].owed == first->owed &&
           (rank == HVB_N_RANKS
                ? first[n].urgency / HVB_N_RANKS == first->urgency / HVB_N_RANKS
                : first[n].urgency == rank))
        room_s -= first[n++].price_s;
    return n;
}

/* Takes the candidates over in random order. */
static gboolean begin_round(BudgetPlan *self, guint bed)
{
    g_autoptr(GArray) candidates = find_candidates(self, bed);
    guint n = round_length(self, bed, candidates);

    for (guint i = n; i > 0; i--) {
        guint pick = (guint)random_below(&self->random, i);
        Candidate *all = (Candidate *)candidates->data;
        g_queue_push_tail(&self->round,
                          g_memdup2(&all[pick], sizeof(Candidate)));
        all[pick] = all[i - 1];
    }
    return n > 0;
}

static void fill_in(const BudgetPlan *self, const Candidate *candidate,
                    HvbPlanCell *ret_cell)
{
    guint repetition = 1;

    while (hvb_plan_set_has(self->done, candidate->scenario, candidate->level,
                            repetition))
        repetition++;
    *ret_cell = (HvbPlanCell){
        .bed = self->base.beds[candidate->scenario],
        .scenario = candidate->scenario,
        .level = candidate->level,
        .repetition = repetition,
        .position = g_hash_table_size(self->done),
        .seed = hvb_plan_cell_seed(self->seed, candidate->level, repetition),
    };
}

/* What is left of the round may no longer fit; or it is of a bed that the
 * caller has left. */
static const Candidate *first_that_fits(BudgetPlan *self, guint bed)
{
    Candidate *head;

    while ((head = g_queue_peek_head(&self->round))) {
        if (self->base.beds[head->scenario] == bed &&
            may_run(self, head->scenario, head->level) &&
            head->price_s <= room_for(self, bed, head))
            return head;
        g_free(g_queue_pop_head(&self->round));
    }
    return NULL;
}

static gboolean next(HvbPlanner *planner, guint bed, HvbPlanCell *ret_cell)
{
    BudgetPlan *self = (BudgetPlan *)planner;
    const Candidate *candidate;

    while (!(candidate = first_that_fits(self, bed)))
        if (!begin_round(self, bed))
            return FALSE;
    fill_in(self, candidate, ret_cell);
    return TRUE;
}

static void finished(HvbPlanner *planner, guint scenario, HvbLevel level,
                     guint repetition, const HvbKnown *known)
{
    BudgetPlan *self = (BudgetPlan *)planner;
    Progress *progress = &self->progress[scenario][level];
    const Candidate *head = g_queue_peek_head(&self->round);

    if (hvb_plan_set_add(self->done, scenario, level, repetition))
        progress->over++;
    progress->known = *known;
    self->last = MAX(self->last, planner->beds[scenario]);
    if (head && head->scenario == scenario && head->level == level)
        g_free(g_queue_pop_head(&self->round));
}

static void set_up(HvbPlanner *planner, guint bed, gboolean up)
{
    ((BudgetPlan *)planner)->up[bed] = up;
}

/* Cells that are owed, and their time. */
static HvbSpent sum_owed(const BudgetPlan *self)
{
    HvbSpent owed = {0};

    for (guint s = 0; s < self->profiles->len; s++)
        for (guint level = 0; level < HVB_N_LEVELS; level++) {
            guint n = is_owed(self, s, level) ? 1 : 0;
            owed.n += n;
            owed.seconds += n * hvb_price_cell(self->ledger, self->profiles, s);
        }
    return owed;
}

static void forecast(const HvbPlanner *planner, HvbForecast *ret_forecast)
{
    const BudgetPlan *self = (const BudgetPlan *)planner;
    HvbSpent owed = sum_owed(self);
    double left_s = self->budget_s - hvb_ledger_total(self->ledger);
    double rest_s = fmax(owed.seconds, left_s);
    guint done = g_hash_table_size(self->done);
    double mean_s = 0, cells_s = rest_s - hvb_price_report(self->ledger);

    for (guint s = 0; s < self->profiles->len; s++)
        mean_s += hvb_price_cell(self->ledger, self->profiles, s) /
                  self->profiles->len;
    cells_s -= price_of_beds(self, self->last);
    *ret_forecast = (HvbForecast){
        .done = done,
        .all = done + (guint)fmax(owed.n, fmax(0, cells_s) / mean_s),
        .rest_s = (guint)rest_s,
    };
}

static void free_plan(HvbPlanner *planner)
{
    BudgetPlan *self = (BudgetPlan *)planner;

    g_queue_clear_full(&self->round, g_free);
    g_hash_table_unref(self->done);
    g_free(self->progress);
    g_free(self->up);
    g_free(self);
}

HvbPlanner *hvb_budget_plan_new(GPtrArray *profiles, const GArray *chosen,
                                const HvbLedger *ledger, double budget_s,
                                guint64 seed)
{
    BudgetPlan *self = g_new0(BudgetPlan, 1);

    self->base.beds = hvb_plan_beds(profiles, &self->base.n_beds);
    self->base.next = next;
    self->base.finished = finished;
    self->base.set_up = set_up;
    self->base.forecast = forecast;
    self->base.free = free_plan;
    self->profiles = profiles;
    self->chosen = chosen;
    self->ledger = ledger;
    self->budget_s = budget_s;
    self->seed = seed;
    random_init(&self->random, seed);
    self->up = g_new0(gboolean, self->base.n_beds);
    self->progress = g_malloc0_n(profiles->len, sizeof *self->progress);
    self->done = hvb_plan_set_new();
    g_queue_init(&self->round);
    return &self->base;
}

void hvb_budget_plan_insist(HvbPlanner *plan)
{
    ((BudgetPlan *)plan)->insists = TRUE;
}

guint hvb_budget_plan_count(const HvbPlanner *plan, guint scenario,
                            HvbLevel level)
{
    return ((const BudgetPlan *)plan)->progress[scenario][level].over;
}

static void foresee_bed(BudgetPlan *self, guint bed, HvbLedger *ledger)
{
    const HvbProfile *profile = profile_on(self, bed);
    guint calibrated = hvb_choice_calibrated(self->profiles, self->chosen,
                                             self->base.beds, bed);

    if (!profile->native && ledger->entries[HVB_EXPENSE_SETUP].n == 0)
        hvb_ledger_add(ledger, HVB_EXPENSE_SETUP, 1, hvb_price_setup(ledger));
    if (profile->native)
        hvb_ledger_add(ledger, HVB_EXPENSE_SETUP, 0,
                       hvb_price_boot(ledger, profile));
    else
        hvb_ledger_add(ledger, HVB_EXPENSE_BOOT, profile->n_guests,
                       hvb_price_boot(ledger, profile));
    hvb_ledger_add(ledger, HVB_EXPENSE_CALIBRATION, calibrated,
                   hvb_price_calibration(ledger, calibrated));
    set_up(&self->base, bed, TRUE);
}

void hvb_budget_plan_foresee(HvbPlanner *plan, HvbLedger *ledger)
{
    BudgetPlan *self = (BudgetPlan *)plan;
    HvbPlanCell cell;

    for (guint bed = 0; bed < plan->n_beds; bed++) {
        if (next(plan, bed, &cell))
            foresee_bed(self, bed, ledger);
        while (next(plan, bed, &cell)) {
            hvb_ledger_add(ledger, HVB_LEDGER_SCENARIO(cell.scenario), 1,
                           hvb_price_cell(ledger, self->profiles,
                                          cell.scenario));
            const HvbKnown wide = {
                self->progress[cell.scenario][cell.level].over + 1, 0,
                HUGE_VAL};
            finished(plan, cell.scenario, cell.level, cell.repetition, &wide);
        }
    }
    hvb_ledger_add(ledger, HVB_EXPENSE_REPORT,
                   ledger->n_entries - HVB_N_EXPENSES,
                   hvb_price_report(ledger));
}
