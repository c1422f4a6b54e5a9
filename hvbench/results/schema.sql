-- SPDX-License-Identifier: GPL-3.0-or-later
--
-- The database of a result set, hvbench.db. It may be read at any time with
-- the sqlite3 tool, also while a run writes into it; the views at the end are
-- made for that:
--
--   SELECT level, operation, count(*), avg(delay_ms) FROM delays
--    GROUP BY run, scenario, level_order, operation;
--
-- Units are in the names: _ns nanoseconds, _us microseconds, _ms milliseconds,
-- _percent per cent of one CPU unless said otherwise, _permille thousandths.
-- Realtime columns count from 1970-01-01 UTC. "host" times are the host's
-- CLOCK_MONOTONIC, "guest" times the guest's own.
--
-- Unsigned 64-bit numbers that come from guests or from the kernel are stored
-- as the same 64 bits: what is beyond 2^63 - 1 reads as a negative number.
-- Seeds are decimal text, as --seed takes them. Text is valid UTF-8 without
-- control characters other than newline and tab. The constraints hold for what
-- hvbench itself decides; nothing that a guest can send breaks them.
--
-- application_id is "HVB1"; user_version counts the versions of this schema.
PRAGMA application_id = 1213612593;
PRAGMA user_version = 4;

-- Load levels in the paper's order.
CREATE TABLE levels (
    level INTEGER PRIMARY KEY, -- 0 ... 5
    name  TEXT NOT NULL UNIQUE -- "None" ... "Overload"
) STRICT;
INSERT INTO levels VALUES
    (0, 'None'), (1, 'Low'), (2, 'Medium'),
    (3, 'Busy'), (4, 'Maximum'), (5, 'Overload');

-- What an emulated user does, timed.
CREATE TABLE operations (
    operation INTEGER PRIMARY KEY, -- number on the wire
    name      TEXT NOT NULL UNIQUE -- "key", "open", "launch"
) STRICT;
INSERT INTO operations VALUES (0, 'key'), (1, 'open'), (2, 'launch');

-- From where an operation was started and timed.
CREATE TABLE vantages (
    vantage INTEGER PRIMARY KEY, -- number on the wire
    name    TEXT NOT NULL UNIQUE -- "server", "client"
) STRICT;
INSERT INTO vantages VALUES (0, 'server'), (1, 'client');

-- One row per invocation of `hvbench run` that measured.
CREATE TABLE runs (
    id           INTEGER PRIMARY KEY, -- ascending in time
    hvbench      TEXT NOT NULL,       -- revision of the program
    command_line TEXT,                -- as typed
    -- "running" also stands for a run that could not say why it ended, since
    -- it was killed or its host went down: then nobody holds a lock (flock) on
    -- the result set's directory
    status       TEXT NOT NULL
                 CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
    why          TEXT,                -- why it failed or was interrupted
    seed         TEXT NOT NULL        -- of the plan, 0 ... 2^64 - 1
                 CHECK (seed <> '' AND seed NOT GLOB '*[^0-9]*'),
    started_us   INTEGER NOT NULL,    -- realtime
    ended_us     INTEGER              -- realtime; NULL: not ended
) STRICT;

-- The profiles of a run, in order.
CREATE TABLE scenarios (
    id       INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    position INTEGER NOT NULL CHECK (position >= 0), -- in the run, from 0
    name     TEXT NOT NULL,    -- "fig09"
    figure   TEXT NOT NULL,    -- the paper's; "": none
    title    TEXT NOT NULL,
    headline INTEGER NOT NULL REFERENCES operations (operation),
    path     TEXT NOT NULL,    -- the file that was loaded
    profile  TEXT NOT NULL,    -- complete text, as in effect
    UNIQUE (run_id, position)
) STRICT;

-- One row per guest, boot and calibration: a run may boot several beds,
-- resuming boots anew, and a guest whose speed has drifted is calibrated anew.
-- Samples, meters and tunings refer to the row that they were measured with.
CREATE TABLE guests (
    id       INTEGER PRIMARY KEY, -- of the boot, ascending in time
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    guest    INTEGER NOT NULL CHECK (guest >= 1), -- number in the bed, from 1
    name     TEXT NOT NULL,       -- domain name
    -- what the guest said (HELLO); 0 and '' of one without an agent
    protocol INTEGER NOT NULL,    -- version of the wire protocol
    flags    INTEGER NOT NULL,    -- bits: 1 PID 1, 2 autogroup, 4 disk,
                                  -- 8 client port
    cpus     INTEGER NOT NULL,    -- online
    memory_kib INTEGER NOT NULL,  -- MemTotal
    rough_iterations_per_ms INTEGER NOT NULL, -- while others may be booting
    agent    TEXT NOT NULL,       -- revision of the agent
    kernel   TEXT NOT NULL,       -- uname -r and -v
    cpu      TEXT NOT NULL,       -- model name
    clocksource TEXT NOT NULL,
    -- what it was calibrated to, alone and quiet; all 0 of one that nobody
    -- asks anything of
    calibration_rounds INTEGER NOT NULL,
    calibration_spread_permille INTEGER NOT NULL, -- (max - min) / median
    calibration_converged INTEGER NOT NULL,       -- 1: the last moments agreed
    iterations_per_ms INTEGER NOT NULL,
    -- median on the idle, uncapped bed; 0: not measured
    reference_key_ns INTEGER NOT NULL,
    reference_open_ns INTEGER NOT NULL,
    reference_launch_ns INTEGER NOT NULL,
    client_reference_key_ns INTEGER NOT NULL, -- the same, timed by the host
    client_reference_open_ns INTEGER NOT NULL,
    client_reference_launch_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX guests_by_run ON guests (run_id);

-- scenario x level x repetition, each attempt at it. Only cells of status
-- "done" count in statistics.
CREATE TABLE cells (
    id          INTEGER PRIMARY KEY, -- ascending in time
    scenario_id INTEGER NOT NULL REFERENCES scenarios (id) ON DELETE CASCADE,
    level       INTEGER NOT NULL REFERENCES levels (level),
    repetition  INTEGER NOT NULL CHECK (repetition >= 1), -- from 1
    attempt     INTEGER NOT NULL CHECK (attempt >= 1),    -- > 1: a rerun
    position    INTEGER NOT NULL CHECK (position >= 0),   -- in the plan, from 0
    seed        TEXT NOT NULL     -- of schedule and users, 0 ... 2^64 - 1
                CHECK (seed <> '' AND seed NOT GLOB '*[^0-9]*'),
    why         TEXT,             -- why disturbed, failed or suspect: all
                                  -- reasons, '; ' between
    suspect     INTEGER NOT NULL CHECK (suspect IN (0, 1)), -- 1: drifted
    started_realtime_us INTEGER NOT NULL, -- host
    window_ns   INTEGER NOT NULL, -- host, opening to close
    scheduled   INTEGER NOT NULL CHECK (scheduled >= 0), -- operations
    received    INTEGER NOT NULL CHECK (received >= 0),  -- samples
    censored    INTEGER NOT NULL CHECK (censored >= 0),  -- of these: unfinished
    failed      INTEGER NOT NULL CHECK (failed >= 0),    -- of these: failed
    lost        INTEGER NOT NULL CHECK (lost >= 0), -- scheduled, never received
    lost_frames INTEGER NOT NULL CHECK (lost_frames >= 0), -- sequence gaps
    refused     INTEGER NOT NULL, -- frames and samples that made no sense
    late_frame_ns INTEGER NOT NULL, -- longest that a frame was under way
    late_send_ns INTEGER NOT NULL, -- client side: latest send after its
                                  -- intended start
    -- NULL: not measured
    foreign_percent REAL,         -- host CPU of others, of one CPU
    steal_percent REAL,           -- taken by the hypervisor below, of one CPU
    own_percent REAL,             -- hvbench's own, of one CPU
    drift_percent REAL,           -- calibration after the cell against before
    status      TEXT NOT NULL
                CHECK (status IN ('planned', 'done', 'disturbed', 'failed')),
    -- every operation that was scheduled is accounted for
    CHECK (received + lost = scheduled AND censored + failed <= received)
) STRICT;
CREATE INDEX cells_by_scenario ON cells (scenario_id, level, repetition);

-- One timed operation.
CREATE TABLE samples (
    id           INTEGER PRIMARY KEY, -- ascending in order of arrival
    cell_id      INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    guest_id     INTEGER NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    vantage      INTEGER NOT NULL REFERENCES vantages (vantage),
    schedule_index INTEGER NOT NULL,  -- place in the cell's schedule, from 0
    operation    INTEGER NOT NULL REFERENCES operations (operation),
    flags        INTEGER NOT NULL,    -- bits: 1 censored, 2 not started, 4 failed
    probe_user   INTEGER NOT NULL,    -- who did it
    -- of the vantage's clock: server guest, client host
    intended_ns  INTEGER NOT NULL,    -- when it was meant to start
    started_ns   INTEGER NOT NULL,    -- server: did start; client: was asked for
    ended_ns     INTEGER NOT NULL,    -- censored: when it was left
    reference_ns INTEGER NOT NULL,    -- of this operation, guest and vantage
    response_ns  INTEGER NOT NULL,    -- ended - intended
    delay_ns     INTEGER NOT NULL     -- response - reference; may be negative
) STRICT;
CREATE INDEX samples_by_cell ON samples (cell_id);
CREATE INDEX samples_by_guest ON samples (guest_id);

-- How a guest's clocks stood against the host's, before and after each cell:
-- of several exchanges the quickest.
CREATE TABLE clocks (
    id       INTEGER PRIMARY KEY,     -- ascending in time
    cell_id  INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    guest_id INTEGER NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    host_ns  INTEGER NOT NULL,        -- host
    offset_ns INTEGER NOT NULL,       -- CLOCK_MONOTONIC, guest's - host's
    error_ns INTEGER NOT NULL,        -- half a round trip: bound of the error
    wall_ns  INTEGER NOT NULL,        -- guest: CLOCK_REALTIME - CLOCK_MONOTONIC
    host_wall_ns INTEGER NOT NULL     -- host: the same
) STRICT;
CREATE INDEX clocks_by_cell ON clocks (cell_id);
CREATE INDEX clocks_by_guest ON clocks (guest_id);

-- CPU between the two ends of a cell's window, from both sides.
CREATE TABLE meters (
    id           INTEGER PRIMARY KEY,
    cell_id      INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    guest_id     INTEGER REFERENCES guests (id) ON DELETE CASCADE, -- NULL: host
    -- /proc/stat and agent in the guest; of the host row: /proc/stat of the
    -- host, over all its CPUs, and the host's own agent, whose users are the
    -- emulated services
    guest_window_ns INTEGER NOT NULL,
    user_ns      INTEGER NOT NULL,    -- with nice
    system_ns    INTEGER NOT NULL,    -- with irq
    steal_ns     INTEGER NOT NULL,
    idle_ns      INTEGER NOT NULL,    -- with iowait
    users_cpu_ns INTEGER NOT NULL,    -- emulated users
    probes_cpu_ns INTEGER NOT NULL,   -- probe users
    agent_cpu_ns INTEGER NOT NULL,
    manager_cpu_ns INTEGER NOT NULL,
    has_guest_view INTEGER NOT NULL   -- 0: the guest was not asked
                 CHECK (has_guest_view IN (0, 1)),
    -- what the host charged to the guest
    host_window_ns INTEGER NOT NULL,
    host_cpu_ns  INTEGER NOT NULL,    -- all threads of the VM
    host_vcpu_ns INTEGER NOT NULL,
    host_emulator_ns INTEGER NOT NULL,
    -- by its quotas and those of the groups above it; of these the latter alone,
    -- whose time the kernel adds up over CPUs and over all that is in the group.
    -- What the times mean depends on the host's kernel: provenance has it as
    -- host.throttling
    throttled_periods INTEGER NOT NULL,
    throttled_ns INTEGER NOT NULL,
    above_throttled_periods INTEGER NOT NULL,
    above_throttled_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX meters_by_cell ON meters (cell_id);
CREATE INDEX meters_by_guest ON meters (guest_id);

-- A guest's CPU settings during a cell, as read back from the host: before the
-- window opened and after it closed. Where the two differ the cell is disturbed.
CREATE TABLE tunings (
    id             INTEGER PRIMARY KEY,
    cell_id        INTEGER NOT NULL REFERENCES cells (id) ON DELETE CASCADE,
    guest_id       INTEGER NOT NULL REFERENCES guests (id) ON DELETE CASCADE,
    vcpu_quota_us  INTEGER NOT NULL,  -- per period; -1: no cap
    vcpu_period_us INTEGER NOT NULL,
    vm_quota_us    INTEGER NOT NULL,  -- per period; -1: no cap
    vm_period_us   INTEGER NOT NULL,
    shares         INTEGER NOT NULL,  -- v1 cpu.shares or v2 cpu.weight
    cgroup_v2      INTEGER NOT NULL CHECK (cgroup_v2 IN (0, 1)),
    cpus           TEXT NOT NULL,     -- host CPUs that its vCPU may run on,
                                      -- "0-1,4"; "": not looked at
    emulator_cpus  TEXT NOT NULL,     -- the same of its emulator
    vcpu_burst_us  INTEGER NOT NULL,  -- that may be saved up; 0: none
    vm_burst_us    INTEGER NOT NULL,
    idle           INTEGER NOT NULL,  -- cpu.idle of what carries the weight
    vcpu_group     TEXT NOT NULL,     -- control group that its vCPU is in
    above          TEXT NOT NULL,     -- what others set of the groups above it,
                                      -- "/machine: quota 50000 of 100000 us"
    -- of the quotas in there the tightest; '': there is none
    limit_group     TEXT NOT NULL,
    limit_quota_us  INTEGER NOT NULL,
    limit_period_us INTEGER NOT NULL,
    moment         TEXT NOT NULL CHECK (moment IN ('before', 'after')),
    UNIQUE (cell_id, guest_id, moment)
) STRICT;
CREATE INDEX tunings_by_guest ON tunings (guest_id);

-- What happened in cells: priorities given and taken, notes, ports lost; and
-- outside of them: guests booted and lost, doubts, warnings, interruptions.
CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    run_id   INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    cell_id  INTEGER REFERENCES cells (id) ON DELETE CASCADE, -- NULL: outside
    -- NULL: of hvbench, or of a guest that is not in the table (yet)
    guest_id INTEGER REFERENCES guests (id) ON DELETE CASCADE,
    guest    INTEGER NOT NULL CHECK (guest >= 0), -- number; 0: hvbench itself
    time_ns  INTEGER NOT NULL,        -- CLOCK_MONOTONIC of that side
    host_ns  INTEGER NOT NULL,        -- the same on the host's, by the clocks'
                                      -- readings; 0: unknown
    kind     TEXT NOT NULL,           -- "demoted", "restored", "note", "boot",
                                      -- "lost", "warning", "still" (a guest
                                      -- stood still though nothing of its
                                      -- cell stops it), ...
    text     TEXT
) STRICT;
CREATE INDEX events_by_run ON events (run_id);
CREATE INDEX events_by_cell ON events (cell_id);
CREATE INDEX events_by_guest ON events (guest_id);

-- Where a run comes from: host, versions, settings.
CREATE TABLE provenance (
    id     INTEGER PRIMARY KEY,       -- ascending in order of first insertion
    run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    key    TEXT NOT NULL,
    value  TEXT,
    UNIQUE (run_id, key)
) STRICT;

-- The delays that the statistics are made of: operations of done cells that
-- did not fail. Of a censored one the delay is a lower bound. Delays are
-- signed, so that means may be taken of them; hvbench tells a negative mean or
-- quantile as 0.
CREATE VIEW delays AS
SELECT s.run_id AS run, s.name AS scenario, s.figure,
       l.name AS level, c.level AS level_order,
       c.repetition, c.id AS cell, g.guest, v.name AS vantage,
       o.name AS operation,
       x.delay_ns / 1e6 AS delay_ms,
       x.response_ns / 1e6 AS response_ms,
       x.flags & 1 AS censored
  FROM samples x
  JOIN cells c ON c.id = x.cell_id AND c.status = 'done'
  JOIN scenarios s ON s.id = c.scenario_id
  JOIN levels l ON l.level = c.level
  JOIN guests g ON g.id = x.guest_id
  JOIN operations o ON o.operation = x.operation
  JOIN vantages v ON v.vantage = x.vantage
 WHERE x.flags & 4 = 0;

-- All cells with what came of them.
CREATE VIEW cell_list AS
SELECT s.run_id AS run, c.id AS cell, s.name AS scenario, l.name AS level,
       c.level AS level_order, c.repetition, c.attempt, c.status, c.suspect,
       c.why, datetime(c.started_realtime_us / 1000000, 'unixepoch') AS started,
       c.window_ns / 1e9 AS window_s, c.scheduled, c.received, c.censored,
       c.failed, c.lost, c.refused, c.late_frame_ns / 1e6 AS late_frame_ms,
       c.late_send_ns / 1e6 AS late_send_ms, c.foreign_percent,
       c.steal_percent, c.own_percent, c.drift_percent
  FROM cells c
  JOIN scenarios s ON s.id = c.scenario_id
  JOIN levels l ON l.level = c.level;

-- How busy each guest was by its own meter and by the host's, in per cent of
-- one CPU; guest 0 is the host itself, in per cent of all its CPUs.
CREATE VIEW busy AS
SELECT s.run_id AS run, s.name AS scenario, l.name AS level,
       c.level AS level_order, c.repetition, c.id AS cell, c.status,
       ifnull(g.guest, 0) AS guest,
       CASE WHEN m.guest_id IS NOT NULL AND m.has_guest_view
            THEN 100.0 * max(1, round(1.0 * (m.user_ns + m.system_ns +
                                             m.steal_ns + m.idle_ns) /
                                      nullif(m.guest_window_ns, 0)))
                 - 100.0 * m.idle_ns / nullif(m.guest_window_ns, 0)
       END AS guest_busy_percent,
       CASE WHEN m.guest_id IS NOT NULL
            THEN 100.0 * m.host_cpu_ns / nullif(m.host_window_ns, 0)
            ELSE 100.0 - 100.0 * m.idle_ns /
                 nullif(m.user_ns + m.system_ns + m.steal_ns + m.idle_ns, 0)
       END AS host_busy_percent,
       m.throttled_periods, m.throttled_ns / 1e6 AS throttled_ms,
       m.above_throttled_periods,
       m.above_throttled_ns / 1e6 AS above_throttled_ms
  FROM meters m
  JOIN cells c ON c.id = m.cell_id
  JOIN scenarios s ON s.id = c.scenario_id
  JOIN levels l ON l.level = c.level
  LEFT JOIN guests g ON g.id = m.guest_id;
