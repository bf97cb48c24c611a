-- How many of the calls that were answered met an application that failed: counted beside the outcomes, by the minute.
-- Campaigns whose calls were dropped before have 0.

SET LOCAL lock_timeout = '5s';

-- Nobody records between the count and the trigger. Whoever only reads the tallies waits no longer than for what follows.
LOCK TABLE outcomes IN SHARE ROW EXCLUSIVE MODE;

CREATE TEMPORARY TABLE counted ON COMMIT DROP AS
SELECT campaign_id, date_trunc('minute', ended_at) AS minute, count(*) AS failed
FROM outcomes WHERE disposition = 'answered' AND error <> '' GROUP BY 1, 2;

ALTER TABLE tallies ADD COLUMN failed bigint NOT NULL DEFAULT 0;
ALTER TABLE campaign_totals ADD COLUMN failed bigint NOT NULL DEFAULT 0;

INSERT INTO tallies (campaign_id, minute, disposition, lane, entries, failed)
SELECT campaign_id, minute, 'answered', 0, 0, failed FROM counted
ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE SET failed = excluded.failed;

-- A shelf that is being taken down has its tables beside the others, or soon will, and may be put back: they have the
-- columns of the others, that of 0018 among them.
DO $$
DECLARE
    shelf record;
BEGIN
    FOR shelf IN
        SELECT no, to_regclass('tallies_' || no) AS tallies, to_regclass('outcomes_' || no) AS outcomes
        FROM shelves WHERE set_aside_at IS NOT NULL AND dropped_at IS NULL
    LOOP
        IF EXISTS (SELECT FROM pg_class WHERE oid = shelf.outcomes AND NOT relispartition) THEN
            EXECUTE format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS application json', shelf.outcomes);
        END IF;
        IF EXISTS (SELECT FROM pg_class WHERE oid = shelf.tallies AND NOT relispartition) THEN
            EXECUTE format('ALTER TABLE %s ADD COLUMN failed bigint NOT NULL DEFAULT 0', shelf.tallies);
            EXECUTE format($count$
                INSERT INTO %s (campaign_id, minute, disposition, lane, entries, failed)
                SELECT campaign_id, date_trunc('minute', ended_at), disposition, 0, 0, count(*)
                FROM %s WHERE disposition = 'answered' AND error <> '' GROUP BY 1, 2, 3
                ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE SET failed = excluded.failed
                $count$, shelf.tallies, shelf.outcomes);
        END IF;
    END LOOP;
END $$;

CREATE OR REPLACE FUNCTION tally_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries, failed)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, pg_backend_pid() % 4, count(*),
           count(*) FILTER (WHERE disposition = 'answered' AND error <> '')
    FROM recorded GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE
    SET entries = t.entries + excluded.entries, failed = t.failed + excluded.failed;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION tally_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries, failed)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, 4 + pg_backend_pid() % 4, sum(n),
           coalesce(sum(n) FILTER (WHERE disposition = 'answered' AND error <> ''), 0)
    FROM (SELECT campaign_id, ended_at, disposition, error, -1 AS n FROM before
          UNION ALL SELECT campaign_id, ended_at, disposition, error, 1 FROM after) AS changed
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE
    SET entries = t.entries + excluded.entries, failed = t.failed + excluded.failed;
    RETURN NULL;
END $$;
