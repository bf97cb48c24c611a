-- name: load_briefs
-- The hours of campaigns, for the check before the intent. A deleted campaign has no schedule and no row here.
SELECT c.id, c.revision, s.days, c.start_date, c.end_date,
       b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since,
       array_agg(p.start_time ORDER BY p.position) AS starts, array_agg(p.end_time ORDER BY p.position) AS ends
FROM campaigns AS c
JOIN schedules AS s ON s.id = c.schedule_id
JOIN campaign_profiles AS p ON p.campaign_id = c.id
LEFT JOIN sandboxes AS b ON b.account_id = c.account_id
WHERE c.id = ANY($1::bigint[])
GROUP BY c.id, s.id, b.account_id;

-- name: commit_intents
-- The point of no return, for all calls whose slot begins by $8: granted → dialing. The campaigns are locked FOR SHARE, so
-- that a `stop` waits for this statement; a campaign that somebody is changing is passed over and asked again later,
-- so that it holds up no neighbour. Rows are looked up one by one, by their keys (OFFSET 0, state || ''): what the
-- planner believes of the shelves' sizes and states would have it read many.
WITH job AS (
    SELECT * FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[])
        AS j (campaign_id, period_no, slot_no, revision)
), running AS (
    SELECT id, account_id, revision, start_url FROM campaigns
    WHERE id = ANY($1::bigint[]) AND state = 'running'
    ORDER BY id FOR SHARE SKIP LOCKED
), intended AS (
    UPDATE attempts AS a
    SET state = 'dialing', owner = $5, fence = a.fence + 1, intent_at = $6, lease_until = $7, doubted = false
    FROM job JOIN running ON running.id = job.campaign_id AND running.revision = job.revision
    WHERE a.campaign_id = job.campaign_id AND a.period_no = job.period_no AND a.slot_no = job.slot_no
      AND a.revision = job.revision AND a.state || '' = 'granted' AND a.not_before <= $8 AND $6 < a.not_after
    RETURNING a.campaign_id, a.period_no, a.slot_no, a.seq, a.fence, a.not_before, a.not_after, running.start_url
), told AS (
    INSERT INTO happenings (account_id, campaign_id, name, at, seqs)
    SELECT running.account_id, i.campaign_id, 'call.dialing.v1', $6, array_agg(i.seq ORDER BY i.not_before, i.seq)
    FROM intended AS i JOIN running ON running.id = i.campaign_id
    GROUP BY i.campaign_id, running.account_id
)
SELECT i.*, c.phone, c.ani, c.postd, c.message_reference
FROM intended AS i
CROSS JOIN LATERAL (
    SELECT c.phone, c.ani, c.postd, c.message_reference FROM calls AS c
    WHERE c.campaign_id = i.campaign_id AND c.seq = i.seq OFFSET 0
) AS c;

-- name: find_open
-- Which of the jobs that a commit left out may still be dialed: their campaign was being changed at that moment.
SELECT job.campaign_id, job.period_no, job.slot_no
FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[])
    AS job (campaign_id, period_no, slot_no, revision)
JOIN campaigns AS c ON c.id = job.campaign_id AND c.revision = job.revision AND c.state = 'running'
CROSS JOIN LATERAL (
    SELECT a.state, a.revision, a.not_after FROM attempts AS a
    WHERE a.campaign_id = job.campaign_id AND a.period_no = job.period_no AND a.slot_no = job.slot_no OFFSET 0
) AS a
WHERE a.state = 'granted' AND a.revision = job.revision AND $5 < a.not_after;

-- name: retract_intents
-- Calls that were certainly not dialed: dialing → granted, for whoever still holds this fence. Returns how many.
WITH retracted AS (
    UPDATE attempts AS a SET state = 'granted', owner = NULL, lease_until = NULL, intent_at = NULL
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $4::integer[]) AS r (campaign_id, period_no, slot_no, fence)
    WHERE a.campaign_id = r.campaign_id AND a.period_no = r.period_no AND a.slot_no = r.slot_no
      AND a.state || '' = 'dialing' AND a.owner = $5 AND a.fence = r.fence
    RETURNING a.campaign_id, a.seq
), told AS (
    INSERT INTO happenings (account_id, campaign_id, name, at, seqs)
    SELECT c.account_id, r.campaign_id, 'call.retracted.v1', $6, r.seqs
    FROM (SELECT campaign_id, array_agg(seq ORDER BY seq) AS seqs FROM retracted GROUP BY campaign_id) AS r
    CROSS JOIN LATERAL (SELECT account_id FROM campaigns WHERE id = r.campaign_id OFFSET 0) AS c
)
SELECT count(*) AS calls FROM retracted;

-- name: tell_answered
-- Calls that were answered just now, each of the campaigns' in the order in which that was seen.
INSERT INTO happenings (account_id, campaign_id, name, at, seqs, details)
SELECT c.account_id, a.campaign_id, 'call.answered.v1', $4, a.seqs, json_build_object('callee_type', a.callee_types)
FROM (
    SELECT campaign_id, array_agg(seq ORDER BY i) AS seqs, json_agg(callee_type ORDER BY i) AS callee_types
    FROM unnest($1::bigint[], $2::bigint[], $3::text[]) WITH ORDINALITY AS u (campaign_id, seq, callee_type, i)
    GROUP BY campaign_id
) AS a
CROSS JOIN LATERAL (SELECT account_id FROM campaigns WHERE id = a.campaign_id OFFSET 0) AS c;

-- name: find_my_intents
-- What a commit of unknown fate left behind: my rows of these slots with the instant of that commit.
SELECT a.campaign_id, a.period_no, a.slot_no, a.fence
FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS j (campaign_id, period_no, slot_no)
CROSS JOIN LATERAL (
    SELECT * FROM attempts AS a
    WHERE a.campaign_id = j.campaign_id AND a.period_no = j.period_no AND a.slot_no = j.slot_no OFFSET 0
) AS a
WHERE a.state = 'dialing' AND a.owner = $4 AND a.intent_at = $5;

-- name: renew_leases
-- For an explicit list of calls, never for "all of mine": what was lost must be found. Returns those that are mine. One
-- that is locked is being recorded: to wait for it would be a deadlock, since whoever records waits for others of these.
WITH mine AS MATERIALIZED (
    SELECT a.campaign_id, a.period_no, a.slot_no
    FROM unnest($1::bigint[], $2::integer[], $3::bigint[], $6::integer[])
        AS r (campaign_id, period_no, slot_no, fence)
    CROSS JOIN LATERAL (
        SELECT * FROM attempts AS a
        WHERE a.campaign_id = r.campaign_id AND a.period_no = r.period_no AND a.slot_no = r.slot_no OFFSET 0
    ) AS a
    WHERE a.state = 'dialing' AND a.owner = $4 AND a.fence = r.fence
), free AS (
    SELECT a.campaign_id, a.period_no, a.slot_no
    FROM mine CROSS JOIN LATERAL (
        SELECT * FROM attempts AS a
        WHERE a.campaign_id = mine.campaign_id AND a.period_no = mine.period_no AND a.slot_no = mine.slot_no
          AND a.state || '' = 'dialing' AND a.owner = $4
        FOR NO KEY UPDATE SKIP LOCKED
    ) AS a
), renewed AS (
    UPDATE attempts AS a SET lease_until = $5, doubted = false
    FROM free AS f
    WHERE a.campaign_id = f.campaign_id AND a.period_no = f.period_no AND a.slot_no = f.slot_no
)
SELECT * FROM mine;

-- name: find_seqs
-- Which queue entries lost attempts were for, and by which clock their accounts live.
SELECT a.campaign_id, a.period_no, a.slot_no, a.seq,
       b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since
FROM unnest($1::bigint[], $2::integer[], $3::bigint[]) AS s (campaign_id, period_no, slot_no)
CROSS JOIN LATERAL (
    SELECT * FROM attempts AS a
    WHERE a.campaign_id = s.campaign_id AND a.period_no = s.period_no AND a.slot_no = s.slot_no OFFSET 0
) AS a
JOIN campaigns AS c ON c.id = a.campaign_id
LEFT JOIN sandboxes AS b ON b.account_id = c.account_id
WHERE a.state IN ('dialing', 'orphaned', 'unknown');
