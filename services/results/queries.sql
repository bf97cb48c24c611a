-- name: record_ended
-- Columns are named, since a new one would change what is prepared already.
-- Outcomes of attempts, each once: a second letter changes nothing, a late truth corrects an unknown. Only attempts
-- with an intent can have ended. An outcome `unknown` leaves the attempt as the pacer set it.
WITH told AS (
    SELECT t.* FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                           $7::timestamptz[], $8::timestamptz[], $9::integer[], $10::text[], $12::json[])
        AS t (campaign_id, period_no, slot_no, seq, disposition, callee_type, dialed_at, ended_at, duration, error,
              application)
    CROSS JOIN LATERAL (
        SELECT a.seq, a.intent_at FROM attempts AS a
        WHERE a.campaign_id = t.campaign_id AND a.period_no = t.period_no AND a.slot_no = t.slot_no OFFSET 0
    ) AS a
    WHERE a.seq = t.seq AND a.intent_at IS NOT NULL
), recorded AS (
    INSERT INTO outcomes AS o (campaign_id, seq, disposition, callee_type, attempts, dialed_at, ended_at, duration,
                               error, recorded_at, application)
    SELECT campaign_id, seq, disposition, callee_type, 1, dialed_at, ended_at, duration, error, $11, application
    FROM told ORDER BY campaign_id, seq
    ON CONFLICT (campaign_id, seq) DO UPDATE
    SET version = o.version + 1, disposition = excluded.disposition, callee_type = excluded.callee_type,
        attempts = excluded.attempts, dialed_at = coalesce(excluded.dialed_at, o.dialed_at),
        ended_at = excluded.ended_at, duration = excluded.duration, error = excluded.error,
        recorded_at = excluded.recorded_at, application = excluded.application
    WHERE o.disposition = 'unknown' AND excluded.disposition <> 'unknown'
    RETURNING o.campaign_id, o.seq, o.version, o.disposition, o.callee_type, o.attempts, o.dialed_at, o.ended_at,
              o.duration, o.error, o.application
), finished AS (
    UPDATE attempts AS a SET state = 'done'
    FROM told
    WHERE a.campaign_id = told.campaign_id AND a.period_no = told.period_no AND a.slot_no = told.slot_no
      AND a.state IN ('dialing', 'orphaned', 'unknown') AND told.disposition <> 'unknown'
), told_of AS (
    INSERT INTO happenings (account_id, campaign_id, name, at, seqs, details)
    SELECT k.account_id, r.campaign_id, 'call.completed.v1', $11, r.seqs, r.details
    FROM (
        SELECT campaign_id, array_agg(seq) AS seqs,
               json_build_object('version', json_agg(version),
                                 'disposition', json_agg(disposition),
                                 'callee_type', json_agg(callee_type),
                                 'attempts', json_agg(attempts),
                                 'dialed_at', json_agg(dialed_at),
                                 'ended_at', json_agg(ended_at),
                                 'duration', json_agg(duration),
                                 'error_message', json_agg(error),
                                 'application_result', json_agg(application)) AS details
        FROM (SELECT * FROM recorded ORDER BY campaign_id, ended_at, seq) AS r GROUP BY campaign_id
    ) AS r
    CROSS JOIN LATERAL (SELECT account_id FROM campaigns WHERE id = r.campaign_id OFFSET 0) AS k
)
SELECT r.*, c.phone, c.message_reference, k.account_id, k.result_url
FROM recorded AS r
CROSS JOIN LATERAL (
    SELECT c.phone, c.message_reference FROM calls AS c WHERE c.campaign_id = r.campaign_id AND c.seq = r.seq OFFSET 0
) AS c
JOIN campaigns AS k ON k.id = r.campaign_id;

-- name: record_expired
-- Entries that were never dialed. One that has an outcome or was dialed has not expired.
WITH recorded AS (
    INSERT INTO outcomes (campaign_id, seq, disposition, attempts, ended_at, error, recorded_at)
    SELECT $1, c.seq, 'expired', 0, $3::timestamptz, $4::text, $5
    FROM unnest($2::bigint[]) AS s (seq)
    CROSS JOIN LATERAL (SELECT c.seq FROM calls AS c WHERE c.campaign_id = $1 AND c.seq = s.seq OFFSET 0) AS c
    WHERE NOT EXISTS (SELECT FROM attempts AS a
                      WHERE a.campaign_id = $1 AND a.seq = c.seq AND a.lapsed_at IS NULL
                        AND a.intent_at IS NOT NULL OFFSET 0)
    ORDER BY c.seq
    ON CONFLICT (campaign_id, seq) DO NOTHING
    RETURNING campaign_id, seq, version, disposition, callee_type, attempts, dialed_at, ended_at, duration, error,
              application
), told_of AS (
    INSERT INTO happenings (account_id, campaign_id, name, at, seqs, details)
    SELECT (SELECT account_id FROM campaigns WHERE id = $1), $1, 'call.completed.v1', $5, array_agg(seq ORDER BY seq),
           json_build_object('version', 1, 'disposition', 'expired', 'callee_type', NULL, 'attempts', 0,
                             'dialed_at', NULL, 'ended_at', $3::timestamptz, 'duration', 0, 'error_message', $4::text,
                             'application_result', NULL)
    FROM recorded HAVING count(*) > 0
)
SELECT r.*, c.phone, c.message_reference, k.account_id, k.result_url
FROM recorded AS r
CROSS JOIN LATERAL (
    SELECT c.phone, c.message_reference FROM calls AS c WHERE c.campaign_id = r.campaign_id AND c.seq = r.seq OFFSET 0
) AS c
JOIN campaigns AS k ON k.id = $1;

-- name: add_deliveries
-- The posts about outcomes that changed, in the transaction that changed them.
INSERT INTO deliveries (campaign_id, seq, version, account_id, url, body, state, created_at, next_at)
SELECT d.campaign_id, d.seq, d.version, d.account_id, d.url, d.body, 'pending', $7, $7
FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::bigint[], $5::text[], $6::bytea[])
    AS d (campaign_id, seq, version, account_id, url, body)
ON CONFLICT (campaign_id, seq, version) DO NOTHING;

-- name: claim_deliveries
-- Posts that are due, for one courier until its lease ends. Those of an account, or of an account to a host, that has
-- enough under way are passed over.
WITH due AS (
    SELECT d.campaign_id, d.seq, d.version FROM deliveries AS d
    WHERE d.state = 'pending' AND d.next_at <= $1 AND d.account_id <> ALL($6::bigint[])
      AND NOT EXISTS (SELECT FROM unnest($4::bigint[], $5::text[]) AS busy (account_id, host)
                      WHERE busy.account_id = d.account_id AND busy.host = lower(split_part(d.url, '/', 3)))
    ORDER BY d.next_at LIMIT $3
    FOR UPDATE OF d SKIP LOCKED
)
UPDATE deliveries AS d SET next_at = $2
FROM due, accounts AS a
WHERE d.campaign_id = due.campaign_id AND d.seq = due.seq AND d.version = due.version AND a.id = d.account_id
RETURNING d.campaign_id, d.seq, d.version, d.account_id, d.url, lower(split_part(d.url, '/', 3)) AS host, d.body,
          d.tries, a.webhook_secret AS secret,
          CASE WHEN a.previous_until > $1 THEN a.previous_secret END AS previous_secret;

-- name: settle_deliveries
-- How tries went, and which posts are given up. What somebody else settled meanwhile stays settled. (state || '': found
-- by key, not among the pending.)
WITH settled AS (
    UPDATE deliveries AS d
    SET state = s.state, tries = s.tries, next_at = coalesce(s.next_at, d.next_at), finished_at = s.finished_at,
        last_status = s.last_status, last_error = s.last_error
    FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::integer[], $6::timestamptz[],
                $7::timestamptz[], $8::integer[], $9::text[])
        AS s (campaign_id, seq, version, state, tries, next_at, finished_at, last_status, last_error)
    WHERE d.campaign_id = s.campaign_id AND d.seq = s.seq AND d.version = s.version AND d.state || '' = 'pending'
    RETURNING d.*
)
INSERT INTO happenings (account_id, campaign_id, name, at, seqs, details)
SELECT account_id, campaign_id, 'delivery.failed.v1', max(finished_at), array_agg(seq ORDER BY finished_at, seq),
       json_build_object('version', json_agg(version ORDER BY finished_at, seq),
                         'tries', json_agg(tries ORDER BY finished_at, seq),
                         'last_status', json_agg(last_status ORDER BY finished_at, seq),
                         'last_error', json_agg(last_error ORDER BY finished_at, seq))
FROM settled WHERE state = 'dead'
GROUP BY account_id, campaign_id;

-- name: list_dead
-- The dead letters of one campaign or of all, oldest first.
SELECT campaign_id, seq, version, tries, last_status, last_error, finished_at FROM deliveries
WHERE state = 'dead' AND ($1::bigint IS NULL OR campaign_id = $1)
ORDER BY finished_at, campaign_id, seq LIMIT $2;

-- name: replay_dead
-- Some dead letters become due now, with all their tries before them: those of an account and a campaign (NULL: of
-- all) that died by an instant. Said again, it goes on with the next. How many is no parameter: a plan made for any
-- number would be one for very many.
UPDATE deliveries AS d SET state = 'pending', tries = 0, next_at = $4, finished_at = NULL
FROM (SELECT campaign_id, seq, version FROM deliveries
      WHERE state = 'dead' AND ($1::bigint IS NULL OR account_id = $1) AND ($2::bigint IS NULL OR campaign_id = $2)
        AND finished_at <= $3
      LIMIT 5000 FOR UPDATE SKIP LOCKED) AS dead
WHERE d.state = 'dead' AND d.campaign_id = dead.campaign_id AND d.seq = dead.seq AND d.version = dead.version;

-- name: happenings_wait
-- Whether something waits for its number. What was numbered lies before $1, and may be there for long while somebody's
-- transaction stays open: nobody looks through it.
SELECT (SELECT id FROM happenings WHERE id > $1 ORDER BY id LIMIT 1) IS NOT NULL AS any;

-- name: happenings_drawn
-- Up to which id happenings were written or begun, and which transactions there are. Before its first value a sequence
-- shows that as its last.
SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END AS last_id,
       pg_snapshot_xmin(t.now)::text::bigint AS oldest_running, pg_snapshot_xmax(t.now)::text::bigint AS next_to_run
FROM happenings_id_seq AS s, (SELECT pg_current_snapshot() AS now) AS t;

-- name: number_alone
-- One scribe writes at a time; whoever comes meanwhile does not wait.
SELECT pg_try_advisory_xact_lock(9, 0) AS alone;

-- name: number_happenings
-- Give the oldest happenings their numbers in their accounts, in the order of their ids: a later step of a call began
-- after the earlier was committed, so it has the higher id. Returns how many there were.
WITH taken AS (
    DELETE FROM happenings WHERE id = ANY(ARRAY(SELECT id FROM happenings WHERE id > $1 ORDER BY id LIMIT 200)) RETURNING *
), counted AS (
    SELECT t.*, coalesce(cardinality(t.seqs), 1) AS many,
           sum(coalesce(cardinality(t.seqs), 1)) OVER (PARTITION BY t.account_id ORDER BY t.id)::bigint AS up_to
    FROM taken AS t
), ends AS (
    INSERT INTO feed_ends AS e (account_id, last_no)
    SELECT account_id, max(up_to) FROM counted GROUP BY account_id ORDER BY account_id
    ON CONFLICT (account_id) DO UPDATE SET last_no = e.last_no + excluded.last_no
    RETURNING account_id, last_no
), begins AS (
    SELECT e.account_id, e.last_no - max(c.up_to) AS before
    FROM ends AS e JOIN counted AS c ON c.account_id = e.account_id GROUP BY e.account_id, e.last_no
), numbered AS (
    INSERT INTO feed (account_id, campaign_id, name, at, first_no, last_no, seqs, details, traceparent)
    SELECT c.account_id, c.campaign_id, c.name, c.at, b.before + c.up_to - c.many + 1, b.before + c.up_to, c.seqs,
           c.details, c.traceparent
    FROM counted AS c JOIN begins AS b ON b.account_id = c.account_id
    ORDER BY c.id
)
SELECT count(*) AS happenings, coalesce(sum(many), 0)::bigint AS events FROM counted;

-- name: forget_feed
-- Some of the oldest events, when they are older than they are kept. How many is no parameter: a plan made for any
-- number would be one for very many.
DELETE FROM feed WHERE id = ANY(ARRAY(
    SELECT id FROM (SELECT id, at FROM feed ORDER BY id LIMIT 1000) AS oldest WHERE at < $1));

-- name: enter_herald
-- An exchange that nothing was told on yet begins with what comes from now on.
INSERT INTO heralds (exchange, told_to) SELECT $1, coalesce((SELECT max(id) FROM feed), 0) ON CONFLICT DO NOTHING;

-- name: hold_herald
-- How far an exchange was told, held for the transaction; nothing when somebody else is telling.
SELECT told_to FROM heralds WHERE exchange = $1 FOR UPDATE SKIP LOCKED;

-- name: read_on
-- What comes next in the feed of all accounts.
SELECT id, account_id, campaign_id, name, at, first_no, seqs, details, traceparent FROM feed
WHERE id > $1 ORDER BY id LIMIT 200;

-- name: move_herald
-- An exchange was told up to here, and the broker confirmed it.
UPDATE heralds SET told_to = $2 WHERE exchange = $1;

-- name: look_over
-- What waits in the whole house and since when, by $1; campaigns drained by $2 should be settled; $3 is the exchange that
-- is told. Nothing is counted beyond 10,000: it is asked most often when much waits.
SELECT (SELECT count(*) FROM campaigns WHERE state = 'running') AS running,
       (SELECT count(*) FROM (SELECT FROM pacing WHERE drained_at <= $2 AND settled_at IS NULL
                              ORDER BY drained_at LIMIT 10000) AS p) AS unsettled,
       (SELECT count(*) FROM (SELECT FROM outbox LIMIT 10000) AS o) AS letters,
       (SELECT created_at FROM outbox ORDER BY id LIMIT 1) AS letters_since,
       (SELECT count(*) FROM (SELECT FROM deliveries WHERE state = 'pending' AND next_at <= $1
                              ORDER BY next_at LIMIT 10000) AS d) AS due,
       (SELECT next_at FROM deliveries WHERE state = 'pending' ORDER BY next_at LIMIT 1) AS due_since,
       (SELECT count(*) FROM (SELECT FROM deliveries WHERE state = 'dead' LIMIT 10000) AS d) AS dead,
       least((SELECT at FROM happenings ORDER BY id LIMIT 1),
             (SELECT f.at FROM heralds AS h
              CROSS JOIN LATERAL (SELECT at FROM feed WHERE id > h.told_to ORDER BY id LIMIT 1) AS f
              WHERE h.exchange = $3)) AS events_since;

-- name: over_pace
-- Slots beyond their period's amount, in the newest period of each running campaign. A slot is used once, so a period
-- has more calls than its amount only if there is one; the key finds none in one step.
SELECT count(*) AS slots
FROM campaigns AS c
JOIN pacing AS p ON p.campaign_id = c.id
CROSS JOIN LATERAL (
    SELECT a.slot_no FROM attempts AS a
    WHERE a.campaign_id = p.campaign_id AND a.period_no = p.period_no AND a.slot_no >= p.amount LIMIT 100
) AS beyond
WHERE c.state = 'running';

-- name: missing_guards
-- What holds the promises and is not in this database, or not valid in it.
SELECT g.name FROM unnest(ARRAY['attempts_pkey', 'attempts_one_per_entry', 'outcomes_pkey', 'deliveries_pkey']) AS g (name)
WHERE NOT EXISTS (SELECT FROM pg_index AS i
                  WHERE i.indexrelid = to_regclass(g.name) AND i.indisunique AND i.indisvalid)
UNION ALL
SELECT c.name FROM (VALUES ('pacing', 'pacing_check'), ('attempts', 'attempts_check1'), ('attempts', 'attempts_check2'))
    AS c (relation, name)
WHERE NOT EXISTS (SELECT FROM pg_constraint AS k
                  WHERE k.conrelid = to_regclass(c.relation) AND k.conname = c.name AND k.convalidated);
