-- SPDX-License-Identifier: GPL-3.0-or-later
-- What measuring costs, in % of one CPU: hvbench on the host, the agent and the
-- manager in the measured guest, and QEMU's threads other than its vCPU.
SELECT c.level AS level,
       l.name AS name,
       c.status AS status,
       round(c.own_percent, 2) AS "hvbench %",
       round(100.0 * m.agent_cpu_ns / m.guest_window_ns, 2) AS "agent %",
       round(100.0 * m.manager_cpu_ns / m.guest_window_ns, 2) AS "manager %",
       round(100.0 * m.host_emulator_ns / m.host_window_ns, 2) AS "emulator %",
       round(c.foreign_percent, 2) AS "others %"
  FROM cells c
  JOIN levels l ON l.level = c.level
  JOIN meters m ON m.cell_id = c.id AND m.has_guest_view
 ORDER BY c.level;
