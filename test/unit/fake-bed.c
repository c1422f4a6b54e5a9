/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test/unit/fake-bed.h"

#include <CUnit/CUnit.h>

static gboolean fake_tune(HvbBed *bed, guint guest,
                          const HvbGuestProfile *wanted,
                          HvbTuning *ret_enforced, GError **error)
{
    FakeBed *self = (FakeBed *)bed;

    (void)error;
    self->tuned[guest] = *wanted;
    self->tunings++;
    self->watched_writes += self->watching;
    *ret_enforced = self->now[guest] = (HvbTuning){
        .vcpu_quota_us = wanted->cap_percent ? (gint64)wanted->cap_period_us *
                                                   wanted->cap_percent / 100
                                             : -1,
        .vcpu_period_us = wanted->cap_period_us,
        .vm_quota_us = -1,
        .vm_period_us = wanted->cap_period_us,
        .shares = wanted->weight,
    };
    return TRUE;
}

static void put(FakePlace *place, guint cpus, HvbAffinity affinity)
{
    *place = (FakePlace){cpus, affinity, place->cpus};
}

static gboolean fake_place(HvbBed *bed, guint guest, guint cpus,
                           HvbAffinity affinity, HvbTuning *ret_enforced,
                           GError **error)
{
    (void)error;
    ((FakeBed *)bed)->watched_writes += ((FakeBed *)bed)->watching;
    put(&((FakeBed *)bed)->placed[guest], cpus, affinity);
    g_snprintf(ret_enforced->cpus, sizeof ret_enforced->cpus, "first %u", cpus);
    g_strlcpy(((FakeBed *)bed)->now[guest].cpus, ret_enforced->cpus,
              HVB_CPUS_MAX);
    return TRUE;
}

static gboolean fake_read_tuning(HvbBed *bed, guint guest, HvbTuning *ret_now,
                                 GError **error)
{
    FakeBed *self = (FakeBed *)bed;

    (void)error;
    self->unwatched_reads += !self->watching;
    *ret_now = self->now[guest];
    g_strlcpy(ret_now->above, self->above, sizeof ret_now->above);
    return TRUE;
}

static void fake_watch(HvbBed *bed)
{
    ((FakeBed *)bed)->watching = TRUE;
}

static GStrv fake_unwatch(HvbBed *bed, GStrv *ret_notes)
{
    FakeBed *self = (FakeBed *)bed;
    const char *const seen[] = {self->watching ? self->seen : NULL, NULL};
    const char *const noted[] = {self->watching ? self->noted : NULL, NULL};

    self->watching = FALSE;
    *ret_notes = g_strdupv((char **)noted);
    return g_strdupv((char **)seen);
}

static gboolean fake_host_weigh(HvbHostAgent *agent, guint weight,
                                GError **error)
{
    (void)error;
    ((FakeHost *)agent)->weight = weight;
    return TRUE;
}

static gboolean fake_host_read_tuning(HvbHostAgent *agent, HvbTuning *ret_now,
                                      GError **error)
{
    FakeHost *self = (FakeHost *)agent;
    gboolean lost = self->lose_weight && self->looks++ > 0;

    (void)error;
    *ret_now = (HvbTuning){.vcpu_quota_us = -1,
                           .vm_quota_us = -1,
                           .shares = lost ? 1 : self->weight};
    return TRUE;
}

static gboolean fake_host_place(HvbHostAgent *agent, guint cpus, GError **error)
{
    (void)error;
    put(&((FakeHost *)agent)->placed, cpus, HVB_AFFINITY_FLOAT);
    return TRUE;
}

static void fake_host_free(HvbHostAgent *agent)
{
    hvb_link_free(agent->link);
    fake_agent_free(((FakeHost *)agent)->fake);
    g_free(agent);
}

static HvbThrottling times(const HvbThrottling *once, gint64 n)
{
    return (HvbThrottling){n * once->periods, n * once->throttled_periods,
                           n * once->throttled_ns};
}

static gboolean fake_read_meter(HvbBed *bed, guint guest,
                                HvbGuestMeter *ret_meter, GError **error)
{
    FakeBed *self = (FakeBed *)bed;
    gint64 now_ns = hvb_now_ns();

    (void)error;
    if (self->meddle)
        self->meddle(self);
    *ret_meter = (HvbGuestMeter){
        .time_ns = now_ns,
        .cpu_ns = now_ns * self->busy_percent / 100,
        .vcpu_ns = now_ns * self->vcpu_percent / 100,
        .emulator_ns = now_ns * (self->busy_percent - self->vcpu_percent) / 100,
    };
    self->metered[guest]++;
    for (guint q = 0; self->throttling && q < HVB_N_QUOTAS; q++)
        ret_meter->throttling[q] =
            times(&self->throttling[q], self->metered[guest]);
    return TRUE;
}

static void fake_look(HvbBed *bed, guint guest, HvbPulse *pulse)
{
    FakeBed *self = (FakeBed *)bed;

    self->looks++;
    self->meters_at_look = self->agents[0]->meters;
    pulse->hold = self->holds[guest];
}

static char *fake_explain(HvbBed *bed, guint guest)
{
    (void)bed;
    return g_strdup_printf("fake guest %u has no console", guest + 1);
}

static void fake_bed_free(HvbBed *bed)
{
    FakeBed *self = (FakeBed *)bed;

    for (guint i = 0; i < bed->n_guests; i++) {
        hvb_link_free(bed->guests[i].link);
        fake_agent_free(self->agents[i]);
        g_free(bed->guests[i].name);
    }
    g_free(bed->guests);
    g_free(self->agents);
    g_free(self->tuned);
    g_free(self->placed);
    g_free(self->metered);
    g_free(self->holds);
    g_free(self->now);
    hvb_stack_clear(&bed->stack);
    g_free(self);
}

FakeBed *fake_bed_new(guint n)
{
    FakeBed *self = g_new0(FakeBed, 1);

    self->bed.n_guests = n;
    self->bed.demand_factor = 1;
    self->bed.guests = g_new0(HvbGuest, n);
    self->bed.tune = fake_tune;
    self->bed.place = fake_place;
    self->bed.read_tuning = fake_read_tuning;
    self->bed.watch = fake_watch;
    self->bed.unwatch = fake_unwatch;
    self->bed.read_meter = fake_read_meter;
    self->bed.look = fake_look;
    self->bed.explain = fake_explain;
    self->bed.free = fake_bed_free;
    self->agents = g_new0(FakeAgent *, n);
    self->tuned = g_new0(HvbGuestProfile, n);
    self->placed = g_new0(FakePlace, n);
    self->metered = g_new0(guint, n);
    self->holds = g_new0(HvbHold, n);
    self->now = g_new0(HvbTuning, n);
    self->above = "";
    for (guint i = 0; i < n; i++) {
        HvbGuest *guest = &self->bed.guests[i];
        guest->name = g_strdup_printf("guest%u", i + 1);
        self->agents[i] = fake_agent_new();
        guest->link = fake_agent_connect(self->agents[i], guest->name);
        guest->client_fd = self->agents[i]->client_ends[1];
    }
    for (guint i = 0; i < n; i++) {
        while (!hvb_link_is_up(self->bed.guests[i].link))
            g_main_context_iteration(NULL, TRUE);
        self->bed.guests[i].hello = *hvb_link_hello(self->bed.guests[i].link);
    }
    return self;
}

FakeHost *fake_bed_add_host(FakeBed *bed)
{
    FakeHost *host = g_new0(FakeHost, 1);

    host->fake = fake_agent_new();
    host->agent.link = fake_agent_connect(host->fake, "host");
    host->agent.place = fake_host_place;
    host->agent.weigh = fake_host_weigh;
    host->agent.read_tuning = fake_host_read_tuning;
    host->agent.free = fake_host_free;
    while (!hvb_link_is_up(host->agent.link))
        g_main_context_iteration(NULL, TRUE);
    bed->bed.host = &host->agent;
    return host;
}

HvbProfile *fake_bed_profile(guint n)
{
    HvbProfile *profile = hvb_profile_load("fig10", NULL);

    CU_ASSERT_PTR_NOT_NULL_FATAL(profile);
    profile->n_guests = n;
    profile->settle_ms = 1;
    profile->foreign_percent = 1e9;
    profile->steal_percent = 1e9;
    profile->late_frame_ms = 1000000000;
    profile->late_send_ms = 1000000000;
    return profile;
}
