-- A letter with late truths counts twice: first what it corrects, then what it adds. Each time in order, but two such
-- letters could wait for each other's first rows with their second. Corrections have lanes of their own now.

CREATE OR REPLACE FUNCTION tally_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, 4 + pg_backend_pid() % 4, sum(n)
    FROM (SELECT campaign_id, ended_at, disposition, -1 AS n FROM before
          UNION ALL SELECT campaign_id, ended_at, disposition, 1 FROM after) AS changed
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE SET entries = t.entries + excluded.entries;
    RETURN NULL;
END $$;
