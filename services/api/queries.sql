-- name: find_tokens
-- Those of some tokens that are valid now.
SELECT t.id, t.account_id, t.secret_hash, t.scopes,
       b.rate AS sandbox_rate, b.origin AS sandbox_origin, b.since AS sandbox_since
FROM tokens AS t LEFT JOIN sandboxes AS b ON b.account_id = t.account_id
WHERE t.id = ANY($1::text[]) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2);

-- name: create_account
-- An account, unless there is one of that name.
INSERT INTO accounts (name, webhook_secret, created_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING;

-- name: make_sandbox
-- An account that was made in this transaction is a sandbox, and its clock shows the house's time.
INSERT INTO sandboxes (account_id, rate, origin, since) VALUES ($1, 1, $2, $2);

-- name: is_sandbox
-- Whether an account is a sandbox.
SELECT EXISTS (SELECT FROM sandboxes WHERE account_id = $1);

-- name: hold_sandbox
-- The clock of a sandbox, held against a change of it.
SELECT rate AS sandbox_rate, origin AS sandbox_origin, since AS sandbox_since FROM sandboxes
WHERE account_id = $1 FOR SHARE;

-- name: lock_sandbox
-- The clock of a sandbox, held to change it.
SELECT rate AS sandbox_rate, origin AS sandbox_origin, since AS sandbox_since FROM sandboxes
WHERE account_id = $1 FOR UPDATE;

-- name: set_sandbox
-- What the clock of a sandbox shows at an instant, and how fast it goes from then on; what it was before is kept.
WITH past AS (
    INSERT INTO past_sandbox_clocks (account_id, rate, origin, since)
    SELECT account_id, rate, origin, since FROM sandboxes WHERE account_id = $1 ON CONFLICT DO NOTHING
)
UPDATE sandboxes SET rate = $2, origin = $3, since = $4 WHERE account_id = $1;

-- name: lock_living_campaigns
-- The campaigns of an account that are not over, in the order in which everybody locks them.
SELECT id, state, ends_at FROM campaigns WHERE account_id = $1 AND state IN ('created', 'running', 'stopped')
ORDER BY id FOR NO KEY UPDATE;

-- name: move_ends
-- When campaigns end, by the house's clock, now that another of theirs goes otherwise; what was planned is refused.
UPDATE campaigns AS c SET ends_at = m.ends_at, revision = c.revision + 1, updated_at = $4
FROM unnest($2::bigint[], $3::timestamptz[]) AS m (id, ends_at)
WHERE c.account_id = $1 AND c.id = m.id;

-- name: find_account
-- An account by its name.
SELECT id, webhook_secret FROM accounts WHERE name = $1;

-- name: rotate_secret
-- A new webhook secret; the one before it signs beside it until an instant. The one before that is forgotten.
UPDATE accounts SET webhook_secret = $2, previous_secret = webhook_secret, previous_until = $3
WHERE name = $1 RETURNING id, webhook_secret;

-- name: create_token
-- The public part of a token, the hash of its secret, and what it is good for and how long (NULL: for ever).
INSERT INTO tokens (id, account_id, secret_hash, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: list_tokens
-- The tokens of an account, the valid and the others, oldest first.
SELECT id, scopes, created_at, expires_at, revoked_at FROM tokens WHERE account_id = $1 ORDER BY created_at, id;

-- name: lock_token
-- A token that is valid now, held while another takes its place.
SELECT account_id, scopes, created_at, expires_at FROM tokens
WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) FOR UPDATE;

-- name: expire_token
-- A token's last instant.
UPDATE tokens SET expires_at = $3 WHERE account_id = $1 AND id = $2;

-- name: revoke_token
-- A token is worth nothing from now on; one that was revoked keeps its first instant.
UPDATE tokens SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING account_id;

-- name: create_schedule
-- A schedule of an account, and who made it: one statement, so one transaction.
WITH made AS (
    INSERT INTO schedules (account_id, nickname, days, created_at, updated_at) VALUES ($1, $6, $7, $2, $2)
    RETURNING id, nickname
), audited AS (
    INSERT INTO audit (account_id, at, actor, token_id, operation, resource_kind, resource_id, request_id, status)
    SELECT $1, $2, 'token', $3, $4, 'schedule', id, $5, 200 FROM made
) SELECT id, nickname FROM made;

-- name: list_schedules
-- The schedules of an account after an id, as many as wanted (NULL: all).
SELECT id, nickname, days FROM schedules WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3::bigint;

-- name: get_schedule
-- One schedule of an account.
SELECT id, nickname, days FROM schedules WHERE account_id = $1 AND id = $2;

-- name: lock_schedule
-- One schedule of an account, held against other changes.
SELECT id, nickname, days FROM schedules WHERE account_id = $1 AND id = $2 FOR UPDATE;

-- name: update_schedule
-- Every parameter of a schedule, new or as it was.
UPDATE schedules SET nickname = $3, days = $4, updated_at = $5 WHERE account_id = $1 AND id = $2
RETURNING id, nickname;

-- name: delete_schedule
-- A schedule; the foreign key refuses when a campaign uses it.
DELETE FROM schedules WHERE account_id = $1 AND id = $2;

-- name: schedule_named
-- A schedule of an account by nickname.
SELECT id FROM schedules WHERE account_id = $1 AND nickname = $2;

-- name: create_profile
-- A profile of an account, and who made it: one statement, so one transaction.
WITH made AS (
    INSERT INTO profiles
        (account_id, nickname, period, time_between_periods, amount_per_period, created_at, updated_at)
    VALUES ($1, $6, $7, $8, $9, $2, $2) RETURNING id, nickname
), audited AS (
    INSERT INTO audit (account_id, at, actor, token_id, operation, resource_kind, resource_id, request_id, status)
    SELECT $1, $2, 'token', $3, $4, 'profile', id, $5, 200 FROM made
) SELECT id, nickname FROM made;

-- name: list_profiles
-- The profiles of an account after an id, as many as wanted (NULL: all).
SELECT id, nickname, period, time_between_periods, amount_per_period FROM profiles
WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3::bigint;

-- name: get_profile
-- One profile of an account.
SELECT id, nickname, period, time_between_periods, amount_per_period FROM profiles WHERE account_id = $1 AND id = $2;

-- name: lock_profile
-- One profile of an account, held against other changes.
SELECT id, nickname, period, time_between_periods, amount_per_period FROM profiles
WHERE account_id = $1 AND id = $2 FOR UPDATE;

-- name: update_profile
-- Every parameter of a profile, new or as it was.
UPDATE profiles SET nickname = $3, period = $4, time_between_periods = $5, amount_per_period = $6, updated_at = $7
WHERE account_id = $1 AND id = $2 RETURNING id, nickname;

-- name: delete_profile
-- A profile; the foreign key refuses when a campaign uses it.
DELETE FROM profiles WHERE account_id = $1 AND id = $2;

-- name: profile_named
-- A profile of an account by nickname.
SELECT id FROM profiles WHERE account_id = $1 AND nickname = $2;

-- name: lock_campaigns_of_schedule
-- The living campaigns that use a schedule, in the order in which everybody locks them.
SELECT id FROM campaigns WHERE account_id = $1 AND schedule_id = $2 AND state IN ('created', 'running', 'stopped')
ORDER BY id FOR NO KEY UPDATE;

-- name: lock_campaigns_of_profile
-- The living campaigns that use a profile, in the order in which everybody locks them.
SELECT id FROM campaigns
WHERE account_id = $1 AND state IN ('created', 'running', 'stopped')
    AND id IN (SELECT campaign_id FROM campaign_profiles WHERE account_id = $1 AND profile_id = $2)
ORDER BY id FOR NO KEY UPDATE;

-- name: bump_revisions
-- Whatever was planned for these campaigns is refused from now on.
UPDATE campaigns SET revision = revision + 1, updated_at = $3 WHERE account_id = $1 AND id = ANY($2::bigint[]);

-- name: create_campaign
-- A campaign that is not running yet.
INSERT INTO campaigns
    (account_id, state, start_date, end_date, ends_at, schedule_id, start_url, result_url, created_at, updated_at)
VALUES ($1, 'created', $2, $3, $4, $5, $6, $7, $8, $8) RETURNING id;

-- name: create_pacing
-- The pacer's place in a new campaign.
INSERT INTO pacing (campaign_id) VALUES ($1);

-- name: attach_profile
-- One window of a campaign and the profile that paces it.
INSERT INTO campaign_profiles (campaign_id, position, account_id, profile_id, start_time, end_time)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: detach_profiles
-- All windows of a campaign.
DELETE FROM campaign_profiles WHERE account_id = $1 AND campaign_id = $2;

-- name: list_campaigns
-- The campaigns of an account after an id with their windows, as many as wanted (NULL: all).
SELECT c.id, c.state, c.start_date, c.end_date, c.schedule_id, c.start_url, c.result_url, c.queue_end, w.profiles
FROM campaigns AS c
LEFT JOIN LATERAL (
    SELECT json_agg(json_build_object(
        'profile', coalesce(p.nickname, p.id::text),
        'start_time', to_char(cp.start_time, 'HH24:MI'),
        'end_time', to_char(cp.end_time, 'HH24:MI')) ORDER BY cp.position) AS profiles
    FROM campaign_profiles AS cp JOIN profiles AS p ON p.account_id = cp.account_id AND p.id = cp.profile_id
    WHERE cp.account_id = c.account_id AND cp.campaign_id = c.id
) AS w ON true
WHERE c.account_id = $1 AND c.id > $2 AND ($4::bigint IS NULL OR c.id = $4) AND c.state <> 'deleted'
ORDER BY c.id LIMIT $3::bigint;

-- name: lock_campaign
-- One campaign of an account, held: the lock orders this change against the dialer's intents.
SELECT id, state, start_date, end_date, ends_at, schedule_id, start_url, result_url, queue_end FROM campaigns
WHERE account_id = $1 AND id = $2 AND state <> 'deleted' FOR NO KEY UPDATE;

-- name: campaign_windows
-- The windows of a campaign.
SELECT start_time, end_time FROM campaign_profiles WHERE account_id = $1 AND campaign_id = $2 ORDER BY position;

-- name: update_campaign
-- Every parameter of a campaign, new or as it was; the revision grows when hours or pace did change.
UPDATE campaigns SET start_date = $3, end_date = $4, ends_at = $5, schedule_id = $6, start_url = $7, result_url = $8,
    revision = revision + $9, updated_at = $10
WHERE account_id = $1 AND id = $2;

-- name: set_campaign_state
-- A start or a stop; whatever was planned before it is refused.
UPDATE campaigns SET state = $3, revision = revision + 1, updated_at = $4 WHERE account_id = $1 AND id = $2;

-- name: delete_campaign
-- A campaign disappears; its schedule is free again and nothing more is dialed.
UPDATE campaigns SET state = 'deleted', schedule_id = NULL, revision = revision + 1, updated_at = $3
WHERE account_id = $1 AND id = $2;

-- name: allow_long_import
-- A long COPY, and a long wait for the import before it, are no faults in this transaction.
SELECT set_config('statement_timeout', '0', true), set_config('lock_timeout', '0', true);

-- name: queue_up
-- Imports into one campaign come one after the other: each counts on from the end of the one before.
SELECT pg_advisory_xact_lock(7, hashint8($1::bigint));

-- name: campaign_queue
-- Whether and where a campaign takes more numbers.
SELECT state, ends_at, queue_end FROM campaigns WHERE account_id = $1 AND id = $2 AND state <> 'deleted';

-- name: extend_queue
-- The new end of a queue, unless the campaign ended in the meantime.
UPDATE campaigns SET queue_end = $3, updated_at = $4
WHERE account_id = $1 AND id = $2 AND state IN ('created', 'running', 'stopped');

-- name: claim_key
-- Whether nobody else is doing a request of this account with this key; it is held until the transaction's end.
SELECT pg_try_advisory_xact_lock(hashtextextended($2, $1::bigint));

-- name: find_answer
-- What a request with this key was answered, if that is not too long ago.
SELECT fingerprint, answer FROM idempotency_keys WHERE account_id = $1 AND key = $2 AND created_at > $3;

-- name: keep_answer
-- The answer under its key, in the transaction of its effect; one that is too old gives way.
INSERT INTO idempotency_keys (account_id, key, fingerprint, answer, created_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, key) DO UPDATE
SET fingerprint = excluded.fingerprint, answer = excluded.answer, created_at = excluded.created_at;

-- name: forget_answers
-- Some of the answers that are too old to be asked for again, but for those that somebody else removes now. How many
-- is no parameter: a plan made for any number would be one for very many.
DELETE FROM idempotency_keys WHERE created_at <= $1 AND (account_id, key) IN (
    SELECT account_id, key FROM idempotency_keys WHERE created_at <= $1 ORDER BY created_at LIMIT 1000
    FOR UPDATE SKIP LOCKED);

-- name: list_dead_letters
-- Results of an account, of one campaign or of all, that were given up; those after a key, in the order of their calls.
-- One campaign or all is a range in either case: with an OR, a plan made for both would look through all.
SELECT campaign_id, seq, version, tries, last_status, last_error, finished_at FROM deliveries
WHERE state = 'dead' AND account_id = $1
  AND campaign_id BETWEEN coalesce($2::bigint, 0) AND coalesce($2, 9223372036854775807)
  AND (campaign_id, seq, version) > ($3::bigint, $4::bigint, $5::smallint)
ORDER BY account_id, campaign_id, seq, version LIMIT $6::bigint;

-- name: count_dead_letters
-- How many results of an account, of one campaign or of all, were given up.
SELECT count(*) AS dead_letters FROM deliveries
WHERE state = 'dead' AND account_id = $1
  AND campaign_id BETWEEN coalesce($2::bigint, 0) AND coalesce($2, 9223372036854775807);

-- name: dropped_totals
-- What is kept of a campaign of an account whose calls were dropped.
SELECT t.calls, t.outcomes, t.delivered, t.dead FROM campaign_totals AS t JOIN campaigns AS c ON c.id = t.campaign_id
WHERE c.account_id = $1 AND c.id = $2;

-- name: record_audit
-- Who did what, in the transaction of its effect.
INSERT INTO audit (account_id, at, actor, token_id, operation, resource_kind, resource_id, quantity, request_id, status)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: list_audit
-- What was done in an account after an entry, as many as wanted.
SELECT id, at, actor, token_id, operation, resource_kind, resource_id, quantity, request_id, status FROM audit
WHERE account_id = $1 AND id > $2 ORDER BY id LIMIT $3::bigint;

-- name: allow_forgetting
-- In this transaction, audit rows from before an instant may be deleted; the table's trigger asks for it.
SELECT set_config('paceline.audit_forgets_before', $1::timestamptz::text, true);

-- name: forget_audit
-- Some of the audit rows that are old, but for those that somebody else removes now.
DELETE FROM audit
WHERE id = ANY(ARRAY(SELECT id FROM audit WHERE at < $1 ORDER BY at LIMIT $2 FOR UPDATE SKIP LOCKED));

-- name: campaign_was
-- Whether a campaign is, or was, an account's.
SELECT 1 FROM campaigns WHERE account_id = $1 AND id = $2;

-- name: feed_ends
-- The last numbers of accounts that were told something.
SELECT account_id, last_no FROM feed_ends WHERE account_id = ANY($1::bigint[]);

-- name: read_feed
-- What an account is told after a number. How much is no parameter: each row may stand for a thousand events.
SELECT account_id, campaign_id, name, at, first_no, seqs, details, traceparent FROM feed
WHERE account_id = $1 AND last_no > $2 ORDER BY last_no LIMIT 10;

-- name: read_campaign_feed
-- What an account is told of one campaign after a number.
SELECT account_id, campaign_id, name, at, first_no, seqs, details, traceparent FROM feed
WHERE account_id = $1 AND campaign_id = $2 AND last_no > $3 ORDER BY last_no LIMIT 10;
