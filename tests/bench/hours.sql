-- Fills a new store with 5 million hour rows: 100 containers with 70 series each, an hour row of each for
-- the 714 hours before 2026-11-22T00:00Z. For the times of windowed questions:
--	sclog --db big.db ingest /dev/null; sqlite3 big.db <tests/bench/hours.sql
PRAGMA synchronous = OFF;
BEGIN;
INSERT INTO node (id, label, name) VALUES (1, 'vm', 'vm');
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
INSERT INTO container (id, node, cid, name, runtime, image, pod, namespace, workload, coverage)
	SELECT i, 1, printf('%064x', i), 'c' || i, 'docker', 'image' || i % 10, '', '', '', 0 FROM n;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
INSERT INTO program (id, comm, exe) SELECT i, 'p' || i, '/bin/p' || i FROM n;
WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 6999)
INSERT INTO series (id, program, nr, container, node, arch, code, attribution, reason, phase, source,
	coverage, syscall, arch_name, action, pid, ip, trust)
	SELECT i + 1, 1 + i % 50, i % 70, 1 + i / 70, 1, 3221225534, 2147221504, 0, 0, 0, 0, 0, 'n' || i % 70,
	'x86_64', 'LOG', 1, 1, 1 FROM n;
WITH RECURSIVE h(i) AS (SELECT 498695 - 713 UNION ALL SELECT i + 1 FROM h WHERE i < 498695)
INSERT INTO hour (series, hour, count, first, last, minutes)
	SELECT s.id, i, 7, i * 3600000 + 60000, i * 3600000 + 119999, x'010e00dfd403' FROM series s, h;
COMMIT;
