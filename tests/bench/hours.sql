-- Fills a new store with hour rows up to 2026-11-22T00:00Z: :containers containers with :calls series each,
-- and of each series a row for every :step hours of the last :hours. For the times of questions of a window
-- and of reports, here of 5 million rows:
--	sclog --db big.db ingest /dev/null
--	(printf '.param set :%s\n' 'containers 100' 'calls 70' 'hours 714' 'step 1'; cat tests/bench/hours.sql) |
--		sqlite3 big.db
PRAGMA synchronous = OFF;
BEGIN;
INSERT INTO node (id, label, name) VALUES (1, 'vm', 'vm');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :containers)
INSERT INTO container (id, node, cid, name, runtime, image, pod, namespace, workload, coverage)
	SELECT i, 1, printf('%064x', i), 'c' || i, 'docker', 'image' || (i % 10), '', '', 'w' || (i % 200), 3 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
INSERT INTO program (id, comm, exe) SELECT i, 'p' || i, '/bin/p' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :containers * :calls - 1)
INSERT INTO series (id, program, nr, container, node, arch, code, attribution, reason, phase, source,
	coverage, syscall, arch_name, action, pid, ip, trust)
	SELECT i + 1, 1 + i % 50, i * 7 % 440, 1 + i / :calls, 1, 3221225534, 2147221504, 0, 0, 0, 0, 1,
	'n' || (i * 7 % 440), 'x86_64', 'LOG', 1, 1, 1 FROM n;
WITH RECURSIVE h(i) AS (SELECT 498696 - :hours UNION ALL SELECT i + :step FROM h WHERE i + :step < 498696)
INSERT INTO hour (series, hour, count, first, last, minutes)
	SELECT s.id, i, 7, i * 3600000 + 60000, i * 3600000 + 119999, x'010e00dfd403' FROM series s, h;
COMMIT;
