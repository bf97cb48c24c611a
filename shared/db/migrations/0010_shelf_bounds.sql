-- The rows of calls will lie on shelves, by campaign_id (docs/adr/0012-shelves.md). First step of three, which takes an
-- instant: what is there and what comes until the last step belongs to the first shelf. Its end leaves room for more.

DO $$
DECLARE
    each text;
    last_id bigint := (SELECT last_value FROM campaigns_id_seq);
    end_id bigint := (last_id / 5000 + 2) * 5000 + 1;
BEGIN
    FOREACH each IN ARRAY ARRAY['calls', 'attempts', 'outcomes', 'deliveries'] LOOP
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT on_first_shelf CHECK (campaign_id < %s) NOT VALID', each, end_id);
    END LOOP;
END $$;
