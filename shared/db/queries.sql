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

-- name: take_from_outbox
-- The oldest letters nobody else is publishing.
SELECT id, message_id, name, body FROM outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED;

-- name: forget_published
-- Letters that the broker confirmed.
DELETE FROM outbox WHERE id = ANY($1::bigint[]);
