-- Outcomes by the minute: a campaign's counts and its course over time are asked for every second, and are read from a
-- few rows, not from millions of outcomes. A trigger keeps them, whoever records, rooms of the version before among them.

SET LOCAL lock_timeout = '5s';

CREATE TABLE tallies (
    campaign_id bigint      NOT NULL,
    minute      timestamptz NOT NULL,                   -- in which they ended
    disposition text        NOT NULL,
    lane        smallint    NOT NULL,                   -- so that those who record at the same time seldom meet in a row
    entries     bigint      NOT NULL,
    PRIMARY KEY (campaign_id, minute, disposition, lane)
) PARTITION BY RANGE (campaign_id);

-- They go with the calls they count. A shelf that is being taken down has its table beside it, as its others are.
DO $$
DECLARE
    shelf record;
BEGIN
    FOR shelf IN SELECT * FROM shelves WHERE dropped_at IS NULL ORDER BY no LOOP
        EXECUTE format('CREATE TABLE tallies_%s (LIKE tallies INCLUDING ALL EXCLUDING INDEXES) WITH (fillfactor=70)',
                       shelf.no);
        IF shelf.set_aside_at IS NULL THEN
            EXECUTE format('ALTER TABLE tallies ATTACH PARTITION tallies_%s FOR VALUES FROM (%s) TO (%s)', shelf.no,
                           CASE shelf.no WHEN 1 THEN 'MINVALUE' ELSE shelf.first_id::text END, shelf.end_id);
        END IF;
    END LOOP;
END $$;

-- Nobody records between the count and the trigger.
LOCK TABLE outcomes IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO tallies (campaign_id, minute, disposition, lane, entries)
SELECT campaign_id, date_trunc('minute', ended_at), disposition, 0, count(*) FROM outcomes GROUP BY 1, 2, 3;

CREATE FUNCTION tally_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, pg_backend_pid() % 4, count(*)
    FROM recorded GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE SET entries = t.entries + excluded.entries;
    RETURN NULL;
END $$;
CREATE TRIGGER outcomes_are_tallied AFTER INSERT ON outcomes
    REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION tally_recorded();

-- A late truth takes its unknown out of the minute it was counted in. In lanes of its own: a letter with late truths
-- counts twice, each time in order, but two such letters could wait for each other's first rows with their second.
CREATE FUNCTION tally_corrected() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, 4 + pg_backend_pid() % 4, sum(n)
    FROM (SELECT campaign_id, ended_at, disposition, -1 AS n FROM before
          UNION ALL SELECT campaign_id, ended_at, disposition, 1 FROM after) AS changed
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE SET entries = t.entries + excluded.entries;
    RETURN NULL;
END $$;
CREATE TRIGGER corrections_are_tallied AFTER UPDATE ON outcomes
    REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tally_corrected();

-- What an entry went through before it was dialed is asked for by entry. Slots that lapse are few.
CREATE INDEX attempts_lapsed ON attempts (campaign_id, seq) WHERE lapsed_at IS NOT NULL;
