-- name: keep_shelves_alone
-- Whether nobody else opens, closes or takes down shelves; held until the transaction's end.
SELECT pg_try_advisory_xact_lock(8, 0);

-- name: allow_long_work
-- In this transaction, long statements and long silences between them are no faults.
SELECT set_config('statement_timeout', '0', true), set_config('idle_in_transaction_session_timeout', '0', true);

-- name: list_shelves
-- Every shelf there was, oldest first.
SELECT no, first_id, end_id, opened_at, closed_at, set_aside_at, dropped_at FROM shelves ORDER BY no;

-- name: next_campaign_id
-- The id that the next campaign will have, or a later one.
SELECT last_value + is_called::integer AS id FROM campaigns_id_seq;

-- name: draw_ids
-- So many campaign ids are never given to anybody. Drawn, not set: others draw at the same time, and none comes twice.
SELECT count(nextval('campaigns_id_seq')) AS drawn FROM generate_series(1, $1::bigint);

-- name: add_shelf
-- A shelf whose tables were made in this transaction.
INSERT INTO shelves (no, first_id, end_id) VALUES ($1, $2, $3);

-- name: mark_opened
-- From now on new campaigns come to this shelf.
UPDATE shelves SET opened_at = $2 WHERE no = $1 AND opened_at IS NULL;

-- name: mark_closed
-- New campaigns come to this shelf no more.
UPDATE shelves SET closed_at = $2, opened_at = coalesce(opened_at, $2) WHERE no = $1 AND closed_at IS NULL;

-- name: shelf_standing
-- What is not done of the campaigns of a shelf, and when the last was settled or changed.
SELECT count(*) FILTER (WHERE c.state NOT IN ('ended', 'deleted') OR p.settled_at IS NULL) AS unsettled,
       EXISTS (SELECT FROM deliveries AS d
               WHERE d.state = 'pending' AND d.campaign_id >= $1 AND d.campaign_id < $2) AS pending,
       max(greatest(p.settled_at, c.updated_at)) AS settled_at
FROM campaigns AS c JOIN pacing AS p ON p.campaign_id = c.id
WHERE c.id >= $1 AND c.id < $2;

-- name: mark_set_aside
-- The tables of a shelf are going to be taken out of the house's sight.
UPDATE shelves SET set_aside_at = $2 WHERE no = $1 AND closed_at IS NOT NULL AND set_aside_at IS NULL;

-- name: mark_put_back
-- The tables of a shelf are in sight again.
UPDATE shelves SET set_aside_at = NULL WHERE no = $1;

-- name: mark_dropped
-- The tables of a shelf are gone, in this transaction.
UPDATE shelves SET dropped_at = $2 WHERE no = $1;

-- name: shelf_tables
-- Which of these tables there are, and whether each is attached, being detached or detached.
SELECT c.relname::text AS name,
       CASE WHEN i.inhrelid IS NULL THEN 'detached' WHEN i.inhdetachpending THEN 'detaching' ELSE 'attached' END AS state,
       greatest(c.reltuples, 0)::bigint AS rows, pg_total_relation_size(c.oid) AS bytes
FROM pg_class AS c LEFT JOIN pg_inherits AS i ON i.inhrelid = c.oid
WHERE c.relname = ANY($1::text[]) AND c.relnamespace = current_schema()::regnamespace;

-- name: outgrown_tables
-- Of these tables, those with several times the rows that statements about them were planned for.
SELECT s.relname::text AS name FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid
WHERE s.relname = ANY($1::text[]) AND s.schemaname = current_schema()
  AND s.n_live_tup > 1000 + 4 * greatest(c.reltuples, 0);

-- name: storage_options
-- How a table is stored: a new shelf's tables are stored as those of the shelf before it are now.
SELECT coalesce(array_to_string(reloptions, ', '), '') AS options FROM pg_class WHERE oid = to_regclass($1::text);

-- name: shelved_campaigns
-- The campaigns of a shelf that ever had calls.
SELECT id FROM campaigns WHERE id >= $1 AND id < $2 AND queue_end > 0 ORDER BY id;
