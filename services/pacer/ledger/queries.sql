-- name: last_sign_of_life
-- When this ledger was last granted from; nothing when it never was.
SELECT max(last_clock) AS at FROM pacing;

-- name: take_for_dialed
-- Calls whose slots had begun: they may have been dialed, and nobody who knows it is left. They are never dialed again.
UPDATE attempts AS a SET state = 'unknown', intent_at = a.not_before, orphaned_at = $1
WHERE a.state = 'granted' AND a.not_before <= $2
RETURNING a.campaign_id, a.period_no, a.slot_no, a.seq, a.intent_at;

-- name: start_stopped_since
-- Campaigns that were stopped after the lost time began, the api being at work all along: they were calling in it.
-- Running until `stop_again`, in the same transaction: nobody else sees it.
UPDATE campaigns SET state = 'running' WHERE state = 'stopped' AND updated_at >= $1 RETURNING id;

-- name: stop_again
UPDATE campaigns SET state = 'stopped' WHERE id = ANY($1::bigint[]);
