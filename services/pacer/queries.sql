-- name: load_campaigns
-- The running campaigns (all, or those asked for) with their hours, paces and place in the queue.
SELECT c.id, c.revision, c.start_date, c.end_date, s.days,
       w.starts, w.ends, w.periods, w.rests, w.amounts,
       p.period_no, p.opens_at, p.closes_at, p.rests_until, p.opening_ends, p.period, p.rest, p.amount,
       p.next_slot, p.last_planned, p.last_released,
       b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since
FROM campaigns AS c
LEFT JOIN sandboxes AS b ON b.account_id = c.account_id
JOIN schedules AS s ON s.id = c.schedule_id
JOIN pacing AS p ON p.campaign_id = c.id
JOIN LATERAL (
    SELECT array_agg(cp.start_time ORDER BY cp.position) AS starts,
           array_agg(cp.end_time ORDER BY cp.position) AS ends,
           array_agg(f.period ORDER BY cp.position) AS periods,
           array_agg(f.time_between_periods ORDER BY cp.position) AS rests,
           array_agg(f.amount_per_period ORDER BY cp.position) AS amounts
    FROM campaign_profiles AS cp JOIN profiles AS f ON f.id = cp.profile_id
    WHERE cp.campaign_id = c.id
) AS w ON w.starts IS NOT NULL
WHERE c.state = 'running' AND ($1::bigint[] IS NULL OR c.id = ANY($1));

-- name: grant_slots
-- Give slots to the next entries of the queue, if nobody else moved the ledger and the campaign is as it was planned.
WITH place AS (
    SELECT p.next_seq, c.queue_end
    FROM pacing AS p JOIN campaigns AS c ON c.id = p.campaign_id
    WHERE p.campaign_id = $1 AND p.period_no = $2 AND p.next_slot = $3
      AND c.state = 'running' AND c.revision = $4
      AND (p.last_clock IS NULL OR p.last_clock <= $5)
    FOR UPDATE OF p
), again AS (
    DELETE FROM requeued
    WHERE campaign_id = $1 AND seq = ANY(ARRAY(
        SELECT r.seq FROM requeued AS r, place WHERE r.campaign_id = $1
        ORDER BY r.seq LIMIT cardinality($6::bigint[])))
    RETURNING seq
), fresh AS (
    SELECT s.seq
    FROM place, generate_series(
        place.next_seq,
        least(place.queue_end, place.next_seq + cardinality($6::bigint[]) - (SELECT count(*) FROM again) - 1)
    ) AS s (seq)
), chosen AS (
    SELECT u.seq, row_number() OVER (ORDER BY u.seq) AS i
    FROM (SELECT seq FROM again UNION ALL SELECT seq FROM fresh) AS u
), taken AS (
    SELECT chosen.seq, s.slot_no, s.due_at, s.not_before, s.not_after
    FROM chosen JOIN unnest($6::bigint[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[])
        WITH ORDINALITY AS s (slot_no, due_at, not_before, not_after, i) ON s.i = chosen.i
), final AS (
    SELECT slot_no, due_at, not_before FROM taken ORDER BY slot_no DESC LIMIT 1
), moved AS (
    UPDATE pacing AS p
    SET next_seq = p.next_seq + (SELECT count(*) FROM fresh), period_no = $10, opens_at = $11, closes_at = $12,
        rests_until = $13, opening_ends = $14, period = $15, rest = $16, amount = $17,
        next_slot = final.slot_no + 1, last_planned = final.due_at, last_released = final.not_before, last_clock = $5
    FROM final
    WHERE p.campaign_id = $1
)
INSERT INTO attempts (campaign_id, period_no, slot_no, seq, revision, state, due_at, not_before, not_after)
SELECT $1, $10, slot_no, seq, $4, 'granted', due_at, not_before, not_after FROM taken
RETURNING slot_no, seq;

-- name: is_unmoved
-- Whether the ledger is still where a plan began: then an empty grant means an empty queue.
SELECT 1 FROM pacing AS p JOIN campaigns AS c ON c.id = p.campaign_id
WHERE p.campaign_id = $1 AND p.period_no = $2 AND p.next_slot = $3 AND c.state = 'running' AND c.revision = $4;

-- name: lapse_passed
-- Slots that passed unused: the attempt lapses and its entry is queued again, at its old place.
WITH passed AS (
    SELECT campaign_id, period_no, slot_no FROM attempts
    WHERE state = 'granted' AND not_after < $2
    ORDER BY not_after LIMIT 500 FOR UPDATE SKIP LOCKED
), lapsed AS (
    UPDATE attempts AS a SET state = 'lapsed', lapsed_at = $1
    FROM passed AS p
    WHERE a.campaign_id = p.campaign_id AND a.period_no = p.period_no AND a.slot_no = p.slot_no
    RETURNING a.campaign_id, a.seq
)
INSERT INTO requeued (campaign_id, seq) SELECT campaign_id, seq FROM lapsed ON CONFLICT DO NOTHING;

-- name: doubt_silent
-- Calls past the point of no return whose dialer stopped renewing its lease: it gets some time more. This is a write as
-- its own would have been, so it fails for as long as those fail, and the dialer has its time when they succeed again.
WITH silent AS (
    SELECT campaign_id, period_no, slot_no FROM attempts
    WHERE state = 'dialing' AND lease_until < $1 AND NOT doubted
    ORDER BY lease_until LIMIT 1000 FOR UPDATE SKIP LOCKED
)
UPDATE attempts AS a SET doubted = true, lease_until = $2
FROM silent AS s
WHERE a.campaign_id = s.campaign_id AND a.period_no = s.period_no AND a.slot_no = s.slot_no;

-- name: orphan_abandoned
-- Calls whose dialer did not renew its lease although it was doubted; the lease now says when to ask again.
WITH abandoned AS (
    SELECT campaign_id, period_no, slot_no FROM attempts
    WHERE state = 'dialing' AND lease_until < $2 AND doubted
    ORDER BY lease_until LIMIT 200 FOR UPDATE SKIP LOCKED
)
UPDATE attempts AS a SET state = 'orphaned', orphaned_at = $1, lease_until = $3
FROM abandoned AS b
WHERE a.campaign_id = b.campaign_id AND a.period_no = b.period_no AND a.slot_no = b.slot_no
RETURNING a.campaign_id, a.period_no, a.slot_no;

-- name: ask_again
-- Orphans whose call may have ended since the carrier was last asked.
WITH waiting AS (
    SELECT campaign_id, period_no, slot_no FROM attempts
    WHERE state = 'orphaned' AND lease_until < $1
    ORDER BY lease_until LIMIT 200 FOR UPDATE SKIP LOCKED
)
UPDATE attempts AS a SET lease_until = $2
FROM waiting AS w
WHERE a.campaign_id = w.campaign_id AND a.period_no = w.period_no AND a.slot_no = w.slot_no
RETURNING a.campaign_id, a.period_no, a.slot_no;

-- name: settle_orphans
-- Orphans that nobody could say anything about in time: unknown, and never dialed again.
WITH silent AS (
    SELECT campaign_id, period_no, slot_no FROM attempts
    WHERE state = 'orphaned' AND orphaned_at < $1
    ORDER BY orphaned_at LIMIT 200 FOR UPDATE SKIP LOCKED
)
UPDATE attempts AS a SET state = 'unknown'
FROM silent AS s
WHERE a.campaign_id = s.campaign_id AND a.period_no = s.period_no AND a.slot_no = s.slot_no
RETURNING a.campaign_id, a.period_no, a.slot_no, a.seq, a.intent_at;

-- name: end_campaigns
-- Campaigns whose dates are over.
WITH ended AS (
    UPDATE campaigns SET state = 'ended', revision = revision + 1, updated_at = $1
    WHERE state IN ('created', 'running', 'stopped') AND ends_at <= $1
    RETURNING id, account_id
)
INSERT INTO happenings (account_id, campaign_id, name, at) SELECT account_id, id, 'campaign.ended.v1', $1 FROM ended ORDER BY id;

-- name: undrained_campaigns
-- Campaigns that are over and still have undialed entries, or might; of every account one before anybody's second.
-- OFFSET 0: looked up one by one, since those that were drained long ago are many.
SELECT c.id, c.state, b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since
FROM pacing AS p
CROSS JOIN LATERAL (
    SELECT id, state, account_id FROM campaigns WHERE id = p.campaign_id AND state IN ('ended', 'deleted') OFFSET 0
) AS c
LEFT JOIN sandboxes AS b ON b.account_id = c.account_id
WHERE p.drained_at IS NULL
ORDER BY row_number() OVER (PARTITION BY c.account_id ORDER BY c.id), c.id LIMIT 50;

-- name: lock_place
-- A campaign's place in its queue, held for the transaction, and whether an entry may still come back into it. Ordered,
-- so that the few undecided attempts of all campaigns are looked through, not this one's many that are done.
SELECT p.next_seq, c.queue_end,
       coalesce((SELECT true FROM attempts AS a WHERE a.campaign_id = $1 AND a.state = 'granted'
                 ORDER BY a.not_after LIMIT 1),
                (SELECT true FROM attempts AS a WHERE a.campaign_id = $1 AND a.state = 'dialing'
                 ORDER BY a.lease_until LIMIT 1),
                false) AS undecided
FROM pacing AS p JOIN campaigns AS c ON c.id = p.campaign_id
WHERE p.campaign_id = $1 AND p.drained_at IS NULL
FOR UPDATE OF p SKIP LOCKED;

-- name: take_requeued
-- Entries that were to be served again and never will be.
DELETE FROM requeued
WHERE campaign_id = $1 AND seq = ANY(ARRAY(SELECT seq FROM requeued WHERE campaign_id = $1 ORDER BY seq LIMIT $2))
RETURNING seq;

-- name: move_cursor
-- Pass entries by without dialing them.
UPDATE pacing SET next_seq = $2 WHERE campaign_id = $1;

-- name: mark_drained
-- Nothing of this campaign's queue is left.
UPDATE pacing SET drained_at = $2 WHERE campaign_id = $1;

-- name: unsettled_campaigns
-- Campaigns that were drained by an instant, and whose outcomes have not all been counted since.
SELECT campaign_id AS id FROM pacing WHERE drained_at <= $1 AND settled_at IS NULL ORDER BY drained_at LIMIT 5;

-- name: lock_account
-- How far a drained campaign's outcomes were counted, held while they are; nothing when somebody else does.
SELECT p.settled_to, c.queue_end
FROM pacing AS p JOIN campaigns AS c ON c.id = p.campaign_id
WHERE p.campaign_id = $1 AND p.drained_at <= $2 AND p.settled_at IS NULL
FOR UPDATE OF p SKIP LOCKED;

-- name: requeue_unheard
-- Entries of a stretch that were never dialed and have no outcome: the letter about them was lost. Returns how many.
-- OFFSET 0: looked up one by one, or the planner reads all outcomes of a campaign to compare them with 20,000.
WITH unheard AS (
    SELECT c.seq FROM calls AS c
    WHERE c.campaign_id = $1 AND c.seq > $2 AND c.seq <= $3
      AND NOT EXISTS (SELECT FROM outcomes AS o WHERE o.campaign_id = $1 AND o.seq = c.seq OFFSET 0)
      AND NOT EXISTS (SELECT FROM attempts AS a
                      WHERE a.campaign_id = $1 AND a.seq = c.seq AND a.lapsed_at IS NULL OFFSET 0)
), again AS (
    INSERT INTO requeued (campaign_id, seq) SELECT $1, seq FROM unheard ON CONFLICT DO NOTHING
)
SELECT count(*) AS entries FROM unheard;

-- name: unheard_orphans
-- Calls of lost dialers in a stretch, without an outcome; those that are unknown already must be told of again.
SELECT a.campaign_id, a.period_no, a.slot_no, a.seq, a.intent_at, a.state FROM attempts AS a
WHERE a.campaign_id = $1 AND a.seq > $2 AND a.seq <= $3 AND a.lapsed_at IS NULL AND a.state IN ('orphaned', 'unknown')
  AND NOT EXISTS (SELECT FROM outcomes AS o WHERE o.campaign_id = $1 AND o.seq = a.seq OFFSET 0)
ORDER BY a.seq LIMIT 1000;

-- name: mark_undrained
-- There is something left of a queue after all.
UPDATE pacing SET drained_at = NULL WHERE campaign_id = $1;

-- name: mark_settled
-- The entries up to a place have their outcomes; with an instant, it is the last.
UPDATE pacing SET settled_to = $2, settled_at = $3 WHERE campaign_id = $1;
