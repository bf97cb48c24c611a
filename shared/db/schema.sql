-- The schema as it stands after all migrations, for readers; nothing runs it. The reasons are in migrations/.
-- Made from the catalog: `PACELINE_WRITE=1 ./run test tests/integration/test_schema.py` writes it again.

CREATE TABLE schema_history (
    version        integer     NOT NULL,
    name           text        NOT NULL,
    applied_at     timestamptz NOT NULL,
    oldest_program integer     NOT NULL DEFAULT 0,
    CONSTRAINT schema_history_pkey PRIMARY KEY (version)
);

CREATE TABLE accounts (
    id              bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    name            text        NOT NULL,
    webhook_secret  text        NOT NULL,
    created_at      timestamptz NOT NULL,
    previous_secret text,
    previous_until  timestamptz,
    CONSTRAINT accounts_pkey PRIMARY KEY (id),
    CONSTRAINT accounts_name_key UNIQUE (name),
    CONSTRAINT accounts_check CHECK ((previous_secret IS NULL) = (previous_until IS NULL)),
    CONSTRAINT accounts_name_check CHECK (name <> '')
);

CREATE TABLE tokens (
    id          text        NOT NULL,
    account_id  bigint      NOT NULL,
    secret_hash bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    scopes      text[]      NOT NULL,
    CONSTRAINT tokens_pkey PRIMARY KEY (id),
    CONSTRAINT tokens_account_id_id_key UNIQUE (account_id, id),
    CONSTRAINT tokens_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT tokens_scopes_check CHECK (cardinality(scopes) >= 1 AND scopes <@ ARRAY['read', 'write', 'control']),
    CONSTRAINT tokens_secret_hash_check CHECK (length(secret_hash) = 32)
);

CREATE TABLE schedules (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id bigint      NOT NULL,
    nickname   text,
    days       text[]      NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT schedules_pkey PRIMARY KEY (id),
    CONSTRAINT schedules_account_id_id_key UNIQUE (account_id, id),
    CONSTRAINT schedules_account_id_nickname_key UNIQUE (account_id, nickname),
    CONSTRAINT schedules_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT schedules_days_check CHECK (cardinality(days) >= 1 AND cardinality(days) <= 7),
    CONSTRAINT schedules_nickname_check CHECK (length(nickname) >= 1 AND length(nickname) <= 64)
);

CREATE TABLE profiles (
    id                   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id           bigint      NOT NULL,
    nickname             text,
    period               bigint      NOT NULL,
    time_between_periods bigint      NOT NULL,
    amount_per_period    bigint      NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    CONSTRAINT profiles_pkey PRIMARY KEY (id),
    CONSTRAINT profiles_account_id_id_key UNIQUE (account_id, id),
    CONSTRAINT profiles_account_id_nickname_key UNIQUE (account_id, nickname),
    CONSTRAINT profiles_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT profiles_amount_per_period_check CHECK (amount_per_period >= 1 AND amount_per_period <= 99999999999),
    CONSTRAINT profiles_nickname_check CHECK (length(nickname) >= 1 AND length(nickname) <= 64),
    CONSTRAINT profiles_period_check CHECK (period >= 1 AND period <= 99999999999),
    CONSTRAINT profiles_time_between_periods_check CHECK (time_between_periods >= 0 AND time_between_periods <= 99999999999)
);

CREATE TABLE campaigns (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id  bigint      NOT NULL,
    state       text        NOT NULL,
    start_date  date        NOT NULL,
    end_date    date        NOT NULL,
    ends_at     timestamptz NOT NULL,
    schedule_id bigint,
    start_url   text        NOT NULL,
    result_url  text,
    revision    integer     NOT NULL DEFAULT 1,
    queue_end   bigint      NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CONSTRAINT campaigns_pkey PRIMARY KEY (id),
    CONSTRAINT campaigns_account_id_id_key UNIQUE (account_id, id),
    CONSTRAINT campaigns_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT campaigns_account_id_schedule_id_fkey FOREIGN KEY (account_id, schedule_id) REFERENCES schedules(account_id, id),
    CONSTRAINT campaigns_check CHECK (end_date >= start_date),
    CONSTRAINT campaigns_check1 CHECK (schedule_id IS NOT NULL OR state = 'deleted'),
    CONSTRAINT campaigns_queue_end_check CHECK (queue_end >= 0 AND queue_end <= 999999999),
    CONSTRAINT campaigns_state_check CHECK (state IN ('created', 'running', 'stopped', 'ended', 'deleted'))
);
CREATE INDEX campaigns_by_schedule ON campaigns (schedule_id);
CREATE INDEX campaigns_running ON campaigns (id) WHERE state = 'running';
CREATE INDEX campaigns_to_end ON campaigns (ends_at) WHERE state IN ('created', 'running', 'stopped');

CREATE TABLE campaign_profiles (
    campaign_id bigint   NOT NULL,
    position    smallint NOT NULL,
    account_id  bigint   NOT NULL,
    profile_id  bigint   NOT NULL,
    start_time  time     NOT NULL,
    end_time    time     NOT NULL,
    CONSTRAINT campaign_profiles_pkey PRIMARY KEY (campaign_id, "position"),
    CONSTRAINT campaign_profiles_account_id_campaign_id_fkey FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns(account_id, id) ON DELETE CASCADE,
    CONSTRAINT campaign_profiles_account_id_profile_id_fkey FOREIGN KEY (account_id, profile_id) REFERENCES profiles(account_id, id)
);
CREATE INDEX campaign_profiles_by_profile ON campaign_profiles (profile_id);

CREATE TABLE pacing (
    campaign_id   bigint      NOT NULL,
    next_seq      bigint      NOT NULL DEFAULT 1,
    period_no     integer     NOT NULL DEFAULT 0,
    opens_at      timestamptz,
    closes_at     timestamptz,
    rests_until   timestamptz,
    opening_ends  timestamptz,
    period        interval,
    rest          interval,
    amount        bigint      NOT NULL DEFAULT 0,
    next_slot     bigint      NOT NULL DEFAULT 0,
    last_planned  timestamptz,
    last_released timestamptz,
    last_clock    timestamptz,
    drained_at    timestamptz,
    settled_to    bigint      NOT NULL DEFAULT 0,
    settled_at    timestamptz,
    CONSTRAINT pacing_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT pacing_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id) ON DELETE CASCADE,
    CONSTRAINT pacing_check CHECK (next_slot <= amount)
);
CREATE INDEX pacing_to_drain ON pacing (campaign_id) WHERE drained_at IS NULL;
CREATE INDEX pacing_to_settle ON pacing (drained_at) WHERE settled_at IS NULL AND drained_at IS NOT NULL;

CREATE TABLE requeued (
    campaign_id bigint NOT NULL,
    seq         bigint NOT NULL,
    CONSTRAINT requeued_pkey PRIMARY KEY (campaign_id, seq)
);

CREATE TABLE outbox (
    id         bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    message_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    name       text        NOT NULL,
    body       bytea       NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_pkey PRIMARY KEY (id)
);

CREATE TABLE rehearsal_clock (
    only_one boolean          NOT NULL DEFAULT true,
    rate     double precision NOT NULL,
    origin   timestamptz      NOT NULL,
    since    timestamptz      NOT NULL,
    CONSTRAINT rehearsal_clock_pkey PRIMARY KEY (only_one),
    CONSTRAINT rehearsal_clock_only_one_check CHECK (only_one),
    CONSTRAINT rehearsal_clock_rate_check CHECK (rate > 0::double precision)
);

CREATE TABLE idempotency_keys (
    account_id  bigint      NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    answer      bytea       NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (account_id, key),
    CONSTRAINT idempotency_keys_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT idempotency_keys_fingerprint_check CHECK (length(fingerprint) = 32),
    CONSTRAINT idempotency_keys_key_check CHECK (length(key) >= 1 AND length(key) <= 255)
);
CREATE INDEX idempotency_keys_to_forget ON idempotency_keys (created_at);

CREATE TABLE audit (
    id            bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id    bigint      NOT NULL,
    at            timestamptz NOT NULL,
    actor         text        NOT NULL,
    token_id      text,
    operation     text        NOT NULL,
    resource_kind text,
    resource_id   bigint,
    quantity      bigint,
    request_id    text,
    status        smallint    NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (id),
    CONSTRAINT audit_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT audit_account_id_token_id_fkey FOREIGN KEY (account_id, token_id) REFERENCES tokens(account_id, id),
    CONSTRAINT audit_actor_check CHECK (actor IN ('token', 'operator')),
    CONSTRAINT audit_check CHECK (actor = 'operator' OR token_id IS NOT NULL)
);
CREATE INDEX audit_by_account ON audit (account_id, id);
CREATE INDEX audit_to_forget ON audit (at);

CREATE TABLE calls (
    campaign_id       bigint NOT NULL,
    seq               bigint NOT NULL,
    phone             text   NOT NULL,
    ani               text,
    postd             text,
    message_reference text,
    CONSTRAINT calls_pkey PRIMARY KEY (campaign_id, seq)
) PARTITION BY RANGE (campaign_id);

CREATE TABLE calls_1 PARTITION OF calls FOR VALUES FROM (MINVALUE) TO (10001);

CREATE TABLE attempts (
    campaign_id bigint      NOT NULL,
    period_no   integer     NOT NULL,
    slot_no     bigint      NOT NULL,
    seq         bigint      NOT NULL,
    revision    integer     NOT NULL,
    state       text        NOT NULL,
    due_at      timestamptz NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    fence       integer     NOT NULL DEFAULT 0,
    owner       text,
    lease_until timestamptz,
    intent_at   timestamptz,
    orphaned_at timestamptz,
    lapsed_at   timestamptz,
    doubted     boolean     NOT NULL DEFAULT false,
    CONSTRAINT attempts_pkey PRIMARY KEY (campaign_id, period_no, slot_no),
    CONSTRAINT attempts_check CHECK (not_before >= due_at AND not_after > not_before),
    CONSTRAINT attempts_check1 CHECK ((lapsed_at IS NOT NULL) = (state = 'lapsed')),
    CONSTRAINT attempts_check2 CHECK ((intent_at IS NOT NULL) = (state IN ('dialing', 'orphaned', 'unknown', 'done'))),
    CONSTRAINT attempts_state_check CHECK (state IN ('granted', 'lapsed', 'dialing', 'orphaned', 'unknown', 'done'))
) PARTITION BY RANGE (campaign_id);
CREATE INDEX attempts_lapsed ON attempts (campaign_id, seq) WHERE lapsed_at IS NOT NULL;
CREATE UNIQUE INDEX attempts_one_per_entry ON attempts (campaign_id, seq) WHERE lapsed_at IS NULL;
CREATE INDEX attempts_to_ask ON attempts (lease_until) WHERE state = 'orphaned';
CREATE INDEX attempts_to_lapse ON attempts (not_after) WHERE state = 'granted';
CREATE INDEX attempts_to_orphan ON attempts (lease_until) WHERE state = 'dialing';
CREATE INDEX attempts_to_settle ON attempts (orphaned_at) WHERE state = 'orphaned';

CREATE TABLE attempts_1 PARTITION OF attempts FOR VALUES FROM (MINVALUE) TO (10001) WITH (fillfactor=85);

CREATE TABLE outcomes (
    campaign_id bigint      NOT NULL,
    seq         bigint      NOT NULL,
    version     smallint    NOT NULL DEFAULT 1,
    disposition text        NOT NULL,
    callee_type text,
    attempts    smallint    NOT NULL,
    dialed_at   timestamptz,
    ended_at    timestamptz NOT NULL,
    duration    integer     NOT NULL DEFAULT 0,
    error       text,
    recorded_at timestamptz NOT NULL,
    application json,
    CONSTRAINT outcomes_pkey PRIMARY KEY (campaign_id, seq),
    CONSTRAINT outcomes_disposition_check CHECK (disposition IN ('answered', 'busy', 'no_answer', 'rejected', 'unreachable', 'invalid', 'expired', 'unknown'))
) PARTITION BY RANGE (campaign_id);

CREATE TABLE outcomes_1 PARTITION OF outcomes FOR VALUES FROM (MINVALUE) TO (10001);

CREATE TABLE deliveries (
    campaign_id bigint      NOT NULL,
    seq         bigint      NOT NULL,
    version     smallint    NOT NULL,
    account_id  bigint      NOT NULL,
    url         text        NOT NULL,
    body        bytea       NOT NULL,
    state       text        NOT NULL,
    tries       integer     NOT NULL DEFAULT 0,
    created_at  timestamptz NOT NULL,
    next_at     timestamptz NOT NULL,
    finished_at timestamptz,
    last_status integer,
    last_error  text,
    CONSTRAINT deliveries_pkey PRIMARY KEY (campaign_id, seq, version),
    CONSTRAINT deliveries_state_check CHECK (state IN ('pending', 'delivered', 'dead'))
) PARTITION BY RANGE (campaign_id);
CREATE INDEX deliveries_dead ON deliveries (account_id, campaign_id, seq, version) WHERE state = 'dead';
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';

CREATE TABLE deliveries_1 PARTITION OF deliveries FOR VALUES FROM (MINVALUE) TO (10001);

CREATE TABLE shelves (
    no           integer     NOT NULL,
    first_id     bigint      NOT NULL,
    end_id       bigint      NOT NULL,
    opened_at    timestamptz,
    closed_at    timestamptz,
    set_aside_at timestamptz,
    dropped_at   timestamptz,
    CONSTRAINT shelves_pkey PRIMARY KEY (no),
    CONSTRAINT shelves_check CHECK (end_id > first_id),
    CONSTRAINT shelves_check1 CHECK (closed_at IS NOT NULL OR set_aside_at IS NULL),
    CONSTRAINT shelves_check2 CHECK (set_aside_at IS NOT NULL OR dropped_at IS NULL)
);

CREATE TABLE campaign_totals (
    campaign_id bigint NOT NULL,
    calls       bigint NOT NULL,
    outcomes    jsonb  NOT NULL,
    delivered   bigint NOT NULL,
    dead        bigint NOT NULL,
    failed      bigint NOT NULL DEFAULT 0,
    CONSTRAINT campaign_totals_pkey PRIMARY KEY (campaign_id),
    CONSTRAINT campaign_totals_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES campaigns(id)
);

CREATE TABLE tallies (
    campaign_id bigint      NOT NULL,
    minute      timestamptz NOT NULL,
    disposition text        NOT NULL,
    lane        smallint    NOT NULL,
    entries     bigint      NOT NULL,
    failed      bigint      NOT NULL DEFAULT 0,
    CONSTRAINT tallies_pkey PRIMARY KEY (campaign_id, minute, disposition, lane)
) PARTITION BY RANGE (campaign_id);

CREATE TABLE tallies_1 PARTITION OF tallies FOR VALUES FROM (MINVALUE) TO (10001) WITH (fillfactor=70);

CREATE TABLE happenings (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id  bigint      NOT NULL,
    campaign_id bigint      NOT NULL,
    name        text        NOT NULL,
    at          timestamptz NOT NULL,
    seqs        integer[],
    details     json,
    traceparent text,
    CONSTRAINT happenings_pkey PRIMARY KEY (id),
    CONSTRAINT happenings_account_id_campaign_id_fkey FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns(account_id, id)
);

CREATE TABLE feed (
    id          bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    account_id  bigint      NOT NULL,
    campaign_id bigint      NOT NULL,
    name        text        NOT NULL,
    at          timestamptz NOT NULL,
    first_no    bigint      NOT NULL,
    last_no     bigint      NOT NULL,
    seqs        integer[],
    details     json,
    traceparent text,
    CONSTRAINT feed_pkey PRIMARY KEY (id),
    CONSTRAINT feed_account_id_campaign_id_fkey FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns(account_id, id),
    CONSTRAINT feed_check CHECK (last_no = (first_no + COALESCE(cardinality(seqs), 1) - 1))
);
CREATE UNIQUE INDEX feed_of_account ON feed (account_id, last_no);
CREATE INDEX feed_of_campaign ON feed (account_id, campaign_id, last_no);

CREATE TABLE feed_ends (
    account_id bigint NOT NULL,
    last_no    bigint NOT NULL,
    CONSTRAINT feed_ends_pkey PRIMARY KEY (account_id),
    CONSTRAINT feed_ends_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE heralds (
    exchange text   NOT NULL,
    told_to  bigint NOT NULL,
    CONSTRAINT heralds_pkey PRIMARY KEY (exchange)
);

CREATE TABLE sandboxes (
    account_id bigint           NOT NULL,
    rate       double precision NOT NULL,
    origin     timestamptz      NOT NULL,
    since      timestamptz      NOT NULL,
    CONSTRAINT sandboxes_pkey PRIMARY KEY (account_id),
    CONSTRAINT sandboxes_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id),
    CONSTRAINT sandboxes_rate_check CHECK (rate >= 1::double precision AND rate <= 10000::double precision)
);

CREATE TABLE past_sandbox_clocks (
    account_id bigint           NOT NULL,
    rate       double precision NOT NULL,
    origin     timestamptz      NOT NULL,
    since      timestamptz      NOT NULL,
    CONSTRAINT past_sandbox_clocks_pkey PRIMARY KEY (account_id, since),
    CONSTRAINT past_sandbox_clocks_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(id)
);

CREATE TABLE ledger_lines (
    system_id   text        NOT NULL,
    timeline    integer     NOT NULL,
    noticed_at  timestamptz NOT NULL,
    accepted_at timestamptz,
    CONSTRAINT ledger_lines_pkey PRIMARY KEY (system_id, timeline)
);

CREATE OR REPLACE FUNCTION public.refuse_change_of_audit()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'an audit row is never changed, and leaves only when it is old' USING ERRCODE = '42501';
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_foreign_deliveries()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF EXISTS (SELECT FROM (SELECT DISTINCT campaign_id, account_id FROM written) AS w
               WHERE NOT EXISTS (SELECT FROM campaigns AS c
                                 WHERE c.id = w.campaign_id AND c.account_id = w.account_id OFFSET 0)) THEN
        RAISE EXCEPTION 'a delivery must name its campaign''s own account' USING ERRCODE = '23503';
    END IF;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.refuse_moved_deliveries()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION 'a delivery stays with its campaign and account' USING ERRCODE = '23503';
END $function$;

CREATE OR REPLACE FUNCTION public.tally_corrected()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries, failed)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, 4 + pg_backend_pid() % 4, sum(n),
           coalesce(sum(n) FILTER (WHERE disposition = 'answered' AND error <> ''), 0)
    FROM (SELECT campaign_id, ended_at, disposition, error, -1 AS n FROM before
          UNION ALL SELECT campaign_id, ended_at, disposition, error, 1 FROM after) AS changed
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE
    SET entries = t.entries + excluded.entries, failed = t.failed + excluded.failed;
    RETURN NULL;
END $function$;

CREATE OR REPLACE FUNCTION public.tally_recorded()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    INSERT INTO tallies AS t (campaign_id, minute, disposition, lane, entries, failed)
    SELECT campaign_id, date_trunc('minute', ended_at), disposition, pg_backend_pid() % 4, count(*),
           count(*) FILTER (WHERE disposition = 'answered' AND error <> '')
    FROM recorded GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (campaign_id, minute, disposition, lane) DO UPDATE
    SET entries = t.entries + excluded.entries, failed = t.failed + excluded.failed;
    RETURN NULL;
END $function$;

CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit FOR EACH ROW WHEN (old.at >= COALESCE(NULLIF(current_setting('paceline.audit_forgets_before'::text, true), ''), '-infinity'::text)::timestamptz) EXECUTE FUNCTION refuse_change_of_audit();

CREATE TRIGGER audit_never_changes BEFORE UPDATE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();

CREATE TRIGGER corrections_are_tallied AFTER UPDATE ON outcomes REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION tally_corrected();

CREATE TRIGGER deliveries_are_their_campaigns AFTER INSERT ON deliveries REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_foreign_deliveries();

CREATE TRIGGER deliveries_never_move BEFORE UPDATE OF campaign_id, account_id ON deliveries FOR EACH STATEMENT EXECUTE FUNCTION refuse_moved_deliveries();

CREATE TRIGGER outcomes_are_tallied AFTER INSERT ON outcomes REFERENCING NEW TABLE AS recorded FOR EACH STATEMENT EXECUTE FUNCTION tally_recorded();
