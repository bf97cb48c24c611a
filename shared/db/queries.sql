-- name: measure_clock
-- The real time, and the rehearsal's clock where there is one. The only statement that asks the server's clock.
SELECT clock_timestamp() AS now, r.rate, r.origin, r.since
FROM (SELECT 1) AS one LEFT JOIN rehearsal_clock AS r ON true;

-- name: set_rehearsal_clock
-- Run the house's clock from an instant on, at a rate.
INSERT INTO rehearsal_clock (rate, origin, since) VALUES ($1, $2, $3)
ON CONFLICT (only_one) DO UPDATE SET rate = excluded.rate, origin = excluded.origin, since = excluded.since;

-- name: append_to_outbox
-- Leave a letter to the relay, in the transaction of the state it announces.
INSERT INTO outbox (name, body, created_at) VALUES ($1, $2, $3);

-- name: tell_of_campaign
-- What happened to a campaign, in the transaction in which it happened; the account is the campaign's own.
INSERT INTO happenings (account_id, campaign_id, name, at, details, traceparent)
SELECT account_id, id, $2, $3, $4, $5 FROM campaigns WHERE id = $1;

-- name: find_in_outbox
-- Whether any letter waits; in the order of their taking, which passes over what was forgotten.
SELECT id FROM outbox ORDER BY id LIMIT 1;

-- name: take_from_outbox
-- The oldest letters nobody else is publishing.
SELECT id, message_id, name, body FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED;

-- name: forget_published
-- Letters that the broker confirmed.
DELETE FROM outbox WHERE id = ANY($1::bigint[]);

-- name: find_place
-- Which line of PostgreSQL's history this is, and whether calls may be made by it. A replica has no line of its own; a
-- table that was restored from a dump, on whatever server, has another number than the one that was dumped.
WITH here AS (
    SELECT pg_is_in_recovery() AS replica,
           (SELECT system_identifier FROM pg_control_system()) || '.' || 'ledger_lines'::regclass::oid AS system_id,
           CASE WHEN pg_is_in_recovery() THEN 0
                ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer END AS timeline
)
SELECT here.*,
       EXISTS (SELECT FROM ledger_lines AS l WHERE l.system_id = here.system_id AND l.timeline = here.timeline
               AND l.accepted_at IS NOT NULL) AS accepted,
       EXISTS (SELECT FROM ledger_lines AS l WHERE l.system_id = here.system_id AND l.timeline < here.timeline
               AND l.accepted_at IS NOT NULL) AS followed
FROM here;

-- name: begin_line
-- The line a ledger was made on.
INSERT INTO ledger_lines (system_id, timeline, noticed_at, accepted_at)
SELECT system_identifier || '.' || 'ledger_lines'::regclass::oid, ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer, $1, $1
FROM pg_control_system()
WHERE NOT EXISTS (SELECT FROM ledger_lines);

-- name: notice_line
-- When somebody first saw this line; a row for whoever that is.
INSERT INTO ledger_lines (system_id, timeline, noticed_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING true;

-- name: accept_line
-- Calls may be made by this line.
INSERT INTO ledger_lines (system_id, timeline, noticed_at, accepted_at) VALUES ($1, $2, $3, $3)
ON CONFLICT (system_id, timeline) DO UPDATE SET accepted_at = excluded.accepted_at;

-- name: leave_lines
-- What was seen of this system was another history, though PostgreSQL says that it is the same.
UPDATE ledger_lines SET system_id = format('%s until %s', system_id, $2::timestamptz) WHERE system_id = $1;

-- name: end_rooms_connections
-- Of every process that calls people: its next connection looks where the ledger is.
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND application_name ~ '^paceline-' AND application_name !~ '^paceline-(api|ledger)/';

-- name: list_lines
-- Every line the ledger was seen on.
SELECT system_id, timeline, noticed_at, accepted_at FROM ledger_lines ORDER BY noticed_at;

-- name: noticed_at
-- When somebody first saw this line; nothing when nobody did.
SELECT noticed_at FROM ledger_lines WHERE system_id = $1 AND timeline = $2;

-- name: find_origins
-- When campaigns were made, and the requests that started them first: of an event that may still wait for its number.
-- A start is among the first events of its campaign, or was forgotten with them. (Rows are compared, so that only the
-- index that begins with the campaign fits: the other would go through all that its account did before.)
SELECT c.id, c.created_at, started.traceparent
FROM campaigns AS c
LEFT JOIN LATERAL (
    SELECT e.traceparent FROM (
        SELECT early.traceparent, early.last_no FROM (
            SELECT f.campaign_id, f.name, f.traceparent, f.last_no FROM feed AS f
            WHERE (f.account_id, f.campaign_id, f.last_no) >= (c.account_id, c.id, 0)
            ORDER BY f.account_id, f.campaign_id, f.last_no LIMIT 1000
        ) AS early WHERE early.campaign_id = c.id AND early.name = 'campaign.started.v1'
        UNION ALL
        (SELECT h.traceparent, 9223372036854775807 FROM happenings AS h
         WHERE h.account_id = c.account_id AND h.campaign_id = c.id AND h.name = 'campaign.started.v1'
         ORDER BY h.id LIMIT 1)
    ) AS e ORDER BY e.last_no LIMIT 1
) AS started ON true
WHERE c.id = ANY($1::bigint[]);
