-- name: last_sign_of_life
-- When this ledger was last granted from; nothing when it never was.
SELECT max(last_clock) AS at FROM pacing;

-- name: take_for_dialed
-- Calls whose slots had begun: they may have been dialed, and nobody who knows it is left. They are never dialed again.
UPDATE attempts AS a SET state = 'unknown', intent_at = a.not_before, orphaned_at = $1
WHERE a.state = 'granted' AND a.not_before <= $2
RETURNING a.campaign_id, a.period_no, a.slot_no, a.seq, a.intent_at;
