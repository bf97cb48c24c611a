-- Third step: the tables with rows of calls become the first shelf of partitioned ones, so that old calls leave with a
-- shelf, and nobody waits. It waits for open transactions (uploads), and others wait for it: not for long, then it fails.

SET LOCAL lock_timeout = '5s';

-- Whose key to campaigns it was: to drop a table with a foreign key locks the table it refers to against everybody.
ALTER TABLE deliveries DROP CONSTRAINT deliveries_account_id_campaign_id_fkey;

ALTER TABLE calls RENAME TO calls_1;
ALTER INDEX calls_pkey RENAME TO calls_1_pkey;
ALTER TABLE attempts RENAME TO attempts_1;
ALTER INDEX attempts_pkey RENAME TO attempts_1_pkey;
ALTER INDEX attempts_one_per_entry RENAME TO attempts_1_campaign_id_seq_idx;
ALTER INDEX attempts_to_lapse RENAME TO attempts_1_not_after_idx;
ALTER INDEX attempts_to_orphan RENAME TO attempts_1_lease_until_idx;
ALTER INDEX attempts_to_settle RENAME TO attempts_1_orphaned_at_idx;
ALTER TABLE outcomes RENAME TO outcomes_1;
ALTER INDEX outcomes_pkey RENAME TO outcomes_1_pkey;
ALTER TABLE deliveries RENAME TO deliveries_1;
ALTER INDEX deliveries_pkey RENAME TO deliveries_1_pkey;
ALTER INDEX deliveries_dead RENAME TO deliveries_1_account_id_campaign_id_idx;
ALTER INDEX deliveries_due RENAME TO deliveries_1_next_at_idx;

-- on_first_shelf is the first shelf's alone; what else is checked is copied.
CREATE TABLE calls (LIKE calls_1 INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (campaign_id);
ALTER TABLE calls DROP CONSTRAINT on_first_shelf, ADD PRIMARY KEY (campaign_id, seq);

CREATE TABLE attempts (LIKE attempts_1 INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (campaign_id);
ALTER TABLE attempts DROP CONSTRAINT on_first_shelf, ADD PRIMARY KEY (campaign_id, period_no, slot_no);
CREATE UNIQUE INDEX attempts_one_per_entry ON attempts (campaign_id, seq) WHERE lapsed_at IS NULL;
CREATE INDEX attempts_to_lapse ON attempts (not_after) WHERE state = 'granted';
CREATE INDEX attempts_to_orphan ON attempts (lease_until) WHERE state = 'dialing';
CREATE INDEX attempts_to_settle ON attempts (orphaned_at) WHERE state = 'orphaned';

CREATE TABLE outcomes (LIKE outcomes_1 INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (campaign_id);
ALTER TABLE outcomes DROP CONSTRAINT on_first_shelf, ADD PRIMARY KEY (campaign_id, seq);

CREATE TABLE deliveries (LIKE deliveries_1 INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (campaign_id);
ALTER TABLE deliveries DROP CONSTRAINT on_first_shelf, ADD PRIMARY KEY (campaign_id, seq, version);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (account_id, campaign_id) WHERE state = 'dead';

-- One row for each shelf there ever was. Its tables are calls_N, attempts_N, outcomes_N and deliveries_N.

CREATE TABLE shelves (
    no           integer     PRIMARY KEY,
    first_id     bigint      NOT NULL,                  -- the campaigns on it: first_id <= id < end_id
    end_id       bigint      NOT NULL CHECK (end_id > first_id),
    opened_at    timestamptz,                           -- since when new campaigns come here
    closed_at    timestamptz,                           -- since when they go to the next
    set_aside_at timestamptz,                           -- it is being taken down: the house sees its calls no more
    dropped_at   timestamptz,                           -- its tables are gone
    CHECK (closed_at IS NOT NULL OR set_aside_at IS NULL),
    CHECK (set_aside_at IS NOT NULL OR dropped_at IS NULL)
);

-- What is still said of a campaign whose calls were dropped.

CREATE TABLE campaign_totals (
    campaign_id bigint PRIMARY KEY REFERENCES campaigns,
    calls       bigint NOT NULL,
    outcomes    jsonb  NOT NULL,                        -- disposition: calls
    delivered   bigint NOT NULL,
    dead        bigint NOT NULL                         -- results nobody took
);

DO $$
DECLARE
    each text;
    held record;
    -- From the check of the first step: CHECK ((campaign_id < 10001))
    end_id bigint := (SELECT (regexp_match(pg_get_constraintdef(oid), '< ''?(\d+)'))[1]
                      FROM pg_constraint WHERE conname = 'on_first_shelf' AND conrelid = 'calls_1'::regclass);
BEGIN
    FOREACH each IN ARRAY ARRAY['calls', 'attempts', 'outcomes', 'deliveries'] LOOP
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)', each, each || '_1', end_id);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT on_first_shelf', each || '_1');
    END LOOP;
    -- Who may use a table may use the one that has its name now.
    FOR held IN SELECT c.relname, a.grantee, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
                WHERE c.oid IN ('calls_1'::regclass, 'attempts_1'::regclass, 'outcomes_1'::regclass, 'deliveries_1'::regclass)
                  AND a.grantee <> c.relowner LOOP
        EXECUTE format('GRANT %s ON %I TO %s', held.privilege_type, rtrim(held.relname, '_1'),
                       CASE held.grantee WHEN 0 THEN 'PUBLIC' ELSE held.grantee::regrole::text END);
    END LOOP;
    INSERT INTO shelves (no, first_id, end_id) VALUES (1, 1, end_id);
END $$;

-- A post is its campaign's account's (docs/adr/0008), as the key held it: looked at once a statement, not once a row.

CREATE FUNCTION refuse_foreign_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT campaign_id, account_id FROM written) AS w
               WHERE NOT EXISTS (SELECT FROM campaigns AS c
                                 WHERE c.id = w.campaign_id AND c.account_id = w.account_id OFFSET 0)) THEN
        RAISE EXCEPTION 'a delivery must name its campaign''s own account' USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_are_their_campaigns AFTER INSERT ON deliveries
    REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_foreign_deliveries();
CREATE FUNCTION refuse_moved_deliveries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a delivery stays with its campaign and account' USING ERRCODE = '23503';
END $$;
CREATE TRIGGER deliveries_never_move BEFORE UPDATE OF campaign_id, account_id ON deliveries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_moved_deliveries();
