-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The statements of the store, by name. Where a record is written or read as a
-- whole, its columns stand in the order of the table in rows.c.

-- name: add-run
INSERT INTO runs (hvbench, command_line, status, why, seed, started_us)
VALUES (:hvbench, :command_line, :status, :why, :seed, :started_us);

-- name: set-run-status
UPDATE runs SET status = :status, why = :why, ended_us = :ended_us
 WHERE id = :id;

-- name: add-scenario
INSERT INTO scenarios (run_id, position, headline, name, figure, title, path,
                       profile)
VALUES (:run_id, :position, :headline, :name, :figure, :title, :path, :profile);

-- name: set-provenance
INSERT INTO provenance (run_id, key, value) VALUES (:run_id, :key, :value)
    ON CONFLICT (run_id, key) DO UPDATE SET value = excluded.value;

-- name: provenance-value
SELECT value FROM provenance WHERE run_id = :run_id AND key = :key;

-- name: add-guest
INSERT INTO guests
       (run_id, guest, name, protocol, flags, cpus, memory_kib,
        rough_iterations_per_ms, agent, kernel, cpu, clocksource,
        calibration_rounds, calibration_spread_permille, calibration_converged,
        iterations_per_ms, reference_key_ns, reference_open_ns,
        reference_launch_ns, client_reference_key_ns, client_reference_open_ns,
        client_reference_launch_ns)
VALUES (:run_id, :guest, :name, :protocol, :flags, :cpus, :memory_kib,
        :rough_iterations_per_ms, :agent, :kernel, :cpu, :clocksource,
        :calibration_rounds, :calibration_spread_permille,
        :calibration_converged, :iterations_per_ms, :reference_key_ns,
        :reference_open_ns, :reference_launch_ns, :client_reference_key_ns,
        :client_reference_open_ns, :client_reference_launch_ns);

-- name: add-cell
INSERT INTO cells
       (scenario_id, status, level, repetition, attempt, position, seed, why,
        suspect, started_realtime_us, window_ns, scheduled, received, censored,
        failed, lost, lost_frames, refused, late_frame_ns, late_send_ns,
        foreign_percent, steal_percent, own_percent, drift_percent)
VALUES ((SELECT id FROM scenarios
          WHERE run_id = :run_id AND position = :scenario),
        :status, :level, :repetition, :attempt, :position, :seed, :why,
        :suspect, :started_realtime_us, :window_ns, :scheduled, :received,
        :censored, :failed, :lost, :lost_frames, :refused, :late_frame_ns,
        :late_send_ns, :foreign_percent, :steal_percent, :own_percent,
        :drift_percent);

-- name: add-sample
INSERT INTO samples
       (cell_id, guest_id, vantage, schedule_index, operation, flags,
        probe_user, intended_ns, started_ns, ended_ns, reference_ns,
        response_ns, delay_ns)
VALUES (:cell_id, :guest_id, :vantage, :schedule_index, :operation, :flags,
        :probe_user, :intended_ns, :started_ns, :ended_ns, :reference_ns,
        :response_ns, :delay_ns);

-- name: add-clock
INSERT INTO clocks
       (cell_id, guest_id, host_ns, offset_ns, error_ns, wall_ns, host_wall_ns)
VALUES (:cell_id, :guest_id, :host_ns, :offset_ns, :error_ns, :wall_ns,
        :host_wall_ns);

-- name: add-meter
INSERT INTO meters
       (cell_id, guest_id, guest_window_ns, user_ns, system_ns, steal_ns,
        idle_ns, users_cpu_ns, probes_cpu_ns, agent_cpu_ns, manager_cpu_ns,
        has_guest_view, host_window_ns, host_cpu_ns, host_vcpu_ns,
        host_emulator_ns, throttled_periods, throttled_ns,
        above_throttled_periods, above_throttled_ns)
VALUES (:cell_id, :guest_id, :guest_window_ns, :user_ns, :system_ns, :steal_ns,
        :idle_ns, :users_cpu_ns, :probes_cpu_ns, :agent_cpu_ns,
        :manager_cpu_ns, :has_guest_view, :host_window_ns, :host_cpu_ns,
        :host_vcpu_ns, :host_emulator_ns, :throttled_periods, :throttled_ns,
        :above_throttled_periods, :above_throttled_ns);

-- name: add-tuning
INSERT INTO tunings
       (cell_id, guest_id, vcpu_quota_us, vcpu_period_us, vm_quota_us,
        vm_period_us, shares, cgroup_v2, cpus, emulator_cpus, vcpu_burst_us,
        vm_burst_us, idle, vcpu_group, above, limit_group, limit_quota_us,
        limit_period_us, moment)
VALUES (:cell_id, :guest_id, :vcpu_quota_us, :vcpu_period_us, :vm_quota_us,
        :vm_period_us, :shares, :cgroup_v2, :cpus, :emulator_cpus,
        :vcpu_burst_us, :vm_burst_us, :idle, :vcpu_group, :above, :limit_group,
        :limit_quota_us, :limit_period_us, :moment);

-- name: add-event
INSERT INTO events
       (run_id, cell_id, guest_id, guest, time_ns, host_ns, kind, text)
VALUES (:run_id, :cell_id, :guest_id, :guest, :time_ns, :host_ns, :kind, :text);

-- name: run-before
SELECT hvbench, command_line, status, why, seed, started_us, id,
       ifnull(ended_us, 0) AS ended_us
  FROM runs WHERE id < :id ORDER BY id DESC LIMIT 1;

-- name: scenarios
SELECT profile, path FROM scenarios WHERE run_id = :run_id ORDER BY position;

-- name: provenance
SELECT key, value FROM provenance WHERE run_id = :run_id ORDER BY id;

-- name: guests
SELECT guest, name, protocol, flags, cpus, memory_kib, rough_iterations_per_ms,
       agent, kernel, cpu, clocksource, calibration_rounds,
       calibration_spread_permille, calibration_converged, iterations_per_ms,
       reference_key_ns, reference_open_ns, reference_launch_ns,
       client_reference_key_ns, client_reference_open_ns,
       client_reference_launch_ns
  FROM guests WHERE run_id = :run_id ORDER BY id;

-- name: cells
SELECT c.id, s.position AS scenario, c.status, c.level, c.repetition, c.attempt,
       c.position, c.seed, c.why, c.suspect, c.started_realtime_us, c.window_ns,
       c.scheduled, c.received, c.censored, c.failed, c.lost, c.lost_frames,
       c.refused, c.late_frame_ns, c.late_send_ns, c.foreign_percent,
       c.steal_percent, c.own_percent, c.drift_percent
  FROM cells c JOIN scenarios s ON s.id = c.scenario_id
 WHERE s.run_id = :run_id ORDER BY c.id;

-- name: samples
SELECT g.guest, x.vantage, x.schedule_index, x.operation, x.flags,
       x.probe_user, x.intended_ns, x.started_ns, x.ended_ns, x.reference_ns,
       x.response_ns, x.delay_ns
  FROM samples x JOIN guests g ON g.id = x.guest_id
 WHERE x.cell_id = :cell_id ORDER BY x.id;

-- name: clocks
SELECT g.guest, k.host_ns, k.offset_ns, k.error_ns, k.wall_ns, k.host_wall_ns
  FROM clocks k JOIN guests g ON g.id = k.guest_id
 WHERE k.cell_id = :cell_id ORDER BY k.id;

-- name: run-clocks
SELECT g.boot, k.host_ns, k.offset_ns, k.error_ns, k.wall_ns, k.host_wall_ns
  FROM clocks k
  JOIN (SELECT id, row_number() OVER (ORDER BY id) AS boot
          FROM guests WHERE run_id = :run_id) g ON g.id = k.guest_id
 ORDER BY k.id;

-- name: meters
SELECT ifnull(g.guest, 0) AS guest, m.guest_window_ns, m.user_ns, m.system_ns,
       m.steal_ns, m.idle_ns, m.users_cpu_ns, m.probes_cpu_ns, m.agent_cpu_ns,
       m.manager_cpu_ns, m.has_guest_view, m.host_window_ns, m.host_cpu_ns,
       m.host_vcpu_ns, m.host_emulator_ns, m.throttled_periods, m.throttled_ns,
       m.above_throttled_periods, m.above_throttled_ns
  FROM meters m LEFT JOIN guests g ON g.id = m.guest_id
 WHERE m.cell_id = :cell_id ORDER BY m.id;

-- name: tunings
SELECT vcpu_quota_us, vcpu_period_us, vm_quota_us, vm_period_us, shares,
       cgroup_v2, cpus, emulator_cpus, vcpu_burst_us, vm_burst_us, idle,
       vcpu_group, above, limit_group, limit_quota_us, limit_period_us
  FROM tunings WHERE cell_id = :cell_id AND moment = 'before' ORDER BY id;

-- name: tunings-after
SELECT vcpu_quota_us, vcpu_period_us, vm_quota_us, vm_period_us, shares,
       cgroup_v2, cpus, emulator_cpus, vcpu_burst_us, vm_burst_us, idle,
       vcpu_group, above, limit_group, limit_quota_us, limit_period_us
  FROM tunings WHERE cell_id = :cell_id AND moment = 'after' ORDER BY id;

-- name: events
SELECT guest, time_ns, host_ns, kind, text
  FROM events WHERE cell_id = :cell_id ORDER BY id;

-- name: run-events
SELECT guest, time_ns, host_ns, kind, text
  FROM events WHERE run_id = :run_id AND cell_id IS NULL ORDER BY id;
