-- name: campaign_standing
-- One campaign of an account: its place in its queue, and what its calls may be called by. LEFT: a campaign of which
-- nothing is left but itself is told of, too.
SELECT c.id, c.state, c.ends_at, c.start_date, c.end_date, c.queue_end, s.days,
       w.starts, w.ends, w.periods, w.rests, w.amounts, w.names,
       p.next_seq, p.period_no, p.opens_at, p.closes_at, p.rests_until, p.opening_ends, p.period, p.rest, p.amount,
       p.next_slot, p.last_planned, p.last_released,
       b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since,
       (SELECT count(*) FROM requeued AS r WHERE r.campaign_id = c.id) AS requeued
FROM campaigns AS c
JOIN pacing AS p ON p.campaign_id = c.id
LEFT JOIN sandboxes AS b ON b.account_id = c.account_id
LEFT JOIN schedules AS s ON s.id = c.schedule_id
LEFT JOIN LATERAL (
    SELECT array_agg(cp.start_time ORDER BY cp.position) AS starts,
           array_agg(cp.end_time ORDER BY cp.position) AS ends,
           array_agg(f.period ORDER BY cp.position) AS periods,
           array_agg(f.time_between_periods ORDER BY cp.position) AS rests,
           array_agg(f.amount_per_period ORDER BY cp.position) AS amounts,
           array_agg(coalesce(f.nickname, f.id::text) ORDER BY cp.position) AS names
    FROM campaign_profiles AS cp JOIN profiles AS f ON f.id = cp.profile_id
    WHERE cp.campaign_id = c.id
) AS w ON true
WHERE c.account_id = $1 AND c.id = $2 AND c.state <> 'deleted';

-- name: campaign_progress
-- How far a campaign of an account is: its place in its queue, how many entries ended how, how many applications failed,
-- how many results were given up. What was counted twice and once taken back is counted once; when its calls are kept no
-- more, what was counted then.
SELECT c.queue_end AS total, p.next_seq, (SELECT count(*) FROM requeued AS r WHERE r.campaign_id = c.id) AS requeued,
       coalesce(t.outcomes, (
           SELECT jsonb_object_agg(o.disposition, o.entries)
           FROM (SELECT disposition, sum(entries) AS entries FROM tallies
                 WHERE campaign_id = c.id GROUP BY 1 HAVING sum(entries) > 0) AS o), '{}') AS outcomes,
       coalesce(t.failed, (SELECT sum(failed)::bigint FROM tallies WHERE campaign_id = c.id), 0) AS failed,
       coalesce(t.dead, (SELECT count(*) FROM deliveries AS d
                         WHERE d.state = 'dead' AND d.account_id = $1 AND d.campaign_id = c.id)) AS dead
FROM campaigns AS c
JOIN pacing AS p ON p.campaign_id = c.id
LEFT JOIN campaign_totals AS t ON t.campaign_id = c.id
WHERE c.account_id = $1 AND c.id = $2;

-- name: course
-- How many entries of a campaign ended how in each stretch of time, and met an application that failed, as many as wanted.
SELECT date_trunc($2, minute, 'America/New_York') AS at, disposition, sum(entries)::bigint AS entries,
       sum(failed)::bigint AS failed
FROM tallies WHERE campaign_id = $1 AND minute >= $3 AND minute < $4
GROUP BY 1, 2 HAVING sum(entries) <> 0 ORDER BY 1, 2 LIMIT $5::bigint;

-- name: list_calls
-- Entries of a campaign from a stretch of its queue, with what became of each; those in some state, or with some outcome.
-- OFFSET 0: looked up one by one, or the planner reads all outcomes of a campaign beside a stretch of it.
SELECT * FROM (
    SELECT c.seq, c.phone, c.ani, c.message_reference, o.disposition, o.callee_type, o.attempts, o.dialed_at,
           o.duration, o.error, o.application,
           CASE WHEN o.disposition IS NOT NULL THEN 'finished' WHEN a.state IS NOT NULL THEN 'calling' ELSE 'waiting' END
               AS state
    FROM calls AS c
    LEFT JOIN LATERAL (
        SELECT * FROM outcomes AS o WHERE o.campaign_id = c.campaign_id AND o.seq = c.seq OFFSET 0
    ) AS o ON true
    LEFT JOIN LATERAL (
        SELECT a.state FROM attempts AS a
        WHERE a.campaign_id = c.campaign_id AND a.seq = c.seq AND a.lapsed_at IS NULL OFFSET 0
    ) AS a ON true
    WHERE c.campaign_id = $1 AND c.seq > $2 AND c.seq <= $3
) AS told
WHERE ($4::text IS NULL OR state = $4) AND ($5::text IS NULL OR disposition = $5)
ORDER BY seq LIMIT $6::bigint;

-- name: calls_in_sight
-- Whether the calls of a campaign lie where they are read: on a shelf that nobody takes down.
SELECT EXISTS (SELECT FROM shelves WHERE first_id <= $1 AND end_id > $1 AND set_aside_at IS NULL) AS so;

-- name: requeued_before
-- Whether an entry is to be served again, and how many of those come before it.
SELECT coalesce(bool_or(seq = $2), false) AS again, count(*) FILTER (WHERE seq < $2) AS before
FROM requeued WHERE campaign_id = $1;

-- name: call_attempts
-- The slots an entry was given, the newest of those that lapsed and the one that did not: each kind has its own index.
SELECT * FROM (
    (SELECT period_no, slot_no, state, due_at, not_before, intent_at, orphaned_at, lapsed_at FROM attempts
     WHERE campaign_id = $1 AND seq = $2 AND lapsed_at IS NOT NULL ORDER BY lapsed_at DESC LIMIT 100)
    UNION ALL
    (SELECT period_no, slot_no, state, due_at, not_before, intent_at, orphaned_at, lapsed_at FROM attempts
     WHERE campaign_id = $1 AND seq = $2 AND lapsed_at IS NULL)
) AS given ORDER BY due_at, period_no, slot_no;

-- name: sandbox_past
-- What the clock of a sandbox was, each time that it was set, and is.
SELECT rate AS sandbox_rate, origin AS sandbox_origin, since AS sandbox_since
FROM (SELECT account_id, rate, origin, since FROM past_sandbox_clocks
      UNION ALL SELECT account_id, rate, origin, since FROM sandboxes) AS c
WHERE account_id = $1 ORDER BY since;

-- name: call_ending
-- When an entry's call was over, and when that was recorded.
SELECT ended_at, recorded_at FROM outcomes WHERE campaign_id = $1 AND seq = $2;

-- name: call_delivery
-- The newest post about an entry.
SELECT version, state, tries, next_at, finished_at, last_status, last_error FROM deliveries
WHERE campaign_id = $1 AND seq = $2 ORDER BY version DESC LIMIT 1;
