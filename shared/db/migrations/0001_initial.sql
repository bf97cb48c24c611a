-- The ledger: every step of a call is a compare-and-set on these tables. Owners of writes: ARCHITECTURE.md.

-- Who may call, and how they prove it.

CREATE TABLE accounts (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name           text        NOT NULL UNIQUE CHECK (name <> ''),
    webhook_secret text        NOT NULL,               -- whsec_…: signs the posts to result_url
    created_at     timestamptz NOT NULL
);

CREATE TABLE tokens (
    id           text        PRIMARY KEY,               -- the public part of the token
    account_id   bigint      NOT NULL REFERENCES accounts,
    secret_hash  bytea       NOT NULL CHECK (length(secret_hash) = 32),   -- SHA-256; the secret is shown once
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz
);

-- What tenants set. (account_id, id) is a key of its own so that no reference can cross accounts.

CREATE TABLE schedules (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id bigint      NOT NULL REFERENCES accounts,
    nickname   text        CHECK (length(nickname) BETWEEN 1 AND 64),
    days       text[]      NOT NULL CHECK (cardinality(days) BETWEEN 1 AND 7),
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, nickname)
);

CREATE TABLE profiles (
    id                   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id           bigint      NOT NULL REFERENCES accounts,
    nickname             text        CHECK (length(nickname) BETWEEN 1 AND 64),
    period               bigint      NOT NULL CHECK (period BETWEEN 1 AND 99999999999),               -- minutes
    time_between_periods bigint      NOT NULL CHECK (time_between_periods BETWEEN 0 AND 99999999999), -- minutes
    amount_per_period    bigint      NOT NULL CHECK (amount_per_period BETWEEN 1 AND 99999999999),
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    UNIQUE (account_id, id),
    UNIQUE (account_id, nickname)
);

CREATE TABLE campaigns (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint      NOT NULL REFERENCES accounts,
    state       text        NOT NULL CHECK (state IN ('created', 'running', 'stopped', 'ended', 'deleted')),
    start_date  date        NOT NULL,
    end_date    date        NOT NULL CHECK (end_date >= start_date),
    ends_at     timestamptz NOT NULL,                   -- no call can be made from here on
    schedule_id bigint,                                 -- NULL once deleted: the schedule is free again
    start_url   text        NOT NULL,
    result_url  text,
    -- Grows with every change of hours, pace or state; a grant or a dial that was planned under another is refused.
    revision    integer     NOT NULL DEFAULT 1,
    queue_end   bigint      NOT NULL DEFAULT 0 CHECK (queue_end BETWEEN 0 AND 999999999),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    UNIQUE (account_id, id),
    FOREIGN KEY (account_id, schedule_id) REFERENCES schedules (account_id, id),
    CHECK (schedule_id IS NOT NULL OR state = 'deleted')
);
CREATE INDEX campaigns_by_schedule ON campaigns (schedule_id);
CREATE INDEX campaigns_running ON campaigns (id) WHERE state = 'running';
CREATE INDEX campaigns_to_end ON campaigns (ends_at) WHERE state IN ('created', 'running', 'stopped');

CREATE TABLE campaign_profiles (
    campaign_id bigint   NOT NULL,
    position    smallint NOT NULL,
    account_id  bigint   NOT NULL,
    profile_id  bigint   NOT NULL,
    start_time  time     NOT NULL,                      -- US Eastern
    end_time    time     NOT NULL,                      -- not after start_time: over midnight
    PRIMARY KEY (campaign_id, position),
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns (account_id, id) ON DELETE CASCADE,
    FOREIGN KEY (account_id, profile_id) REFERENCES profiles (account_id, id)
);
CREATE INDEX campaign_profiles_by_profile ON campaign_profiles (profile_id);

-- The queue. (campaign_id, seq) is its order; entries are written once, by COPY, and never updated.

CREATE TABLE calls (
    campaign_id       bigint NOT NULL,
    seq               bigint NOT NULL,
    phone             text   NOT NULL,                  -- E.164
    ani               text,                             -- E.164
    postd             text,                             -- dialed after the answer
    message_reference text,
    PRIMARY KEY (campaign_id, seq)
);

-- The pacer's place in each campaign: the cursor into the queue and the open period, frozen as it was opened.

CREATE TABLE pacing (
    campaign_id   bigint      PRIMARY KEY REFERENCES campaigns ON DELETE CASCADE,
    next_seq      bigint      NOT NULL DEFAULT 1,       -- everything before it was granted, requeued or expired
    period_no     integer     NOT NULL DEFAULT 0,       -- 0: no period was opened yet
    opens_at      timestamptz,
    closes_at     timestamptz,                          -- not later than its opening's closing
    rests_until   timestamptz,                          -- opens_at + period + silence
    opening_ends  timestamptz,                          -- when the window it lies in closes
    period        interval,
    rest          interval,
    amount        bigint      NOT NULL DEFAULT 0,
    next_slot     bigint      NOT NULL DEFAULT 0,
    last_planned  timestamptz,                          -- the last granted slot: when it was due
    last_released timestamptz,                          -- and when it was let go
    last_clock    timestamptz,                          -- grants never go back in time
    drained_at    timestamptz,                          -- the campaign is over and nothing of its queue is left
    CHECK (next_slot <= amount)                         -- promise 3: no period gets more than its amount
);

-- The few entries that are served again, before the cursor: their slot passed and they were not dialed.

CREATE TABLE requeued (
    campaign_id bigint NOT NULL,
    seq         bigint NOT NULL,
    PRIMARY KEY (campaign_id, seq)
);

-- One row for each use of a slot. The primary key is promise 3: a slot is used once.

CREATE TABLE attempts (
    campaign_id bigint      NOT NULL,
    period_no   integer     NOT NULL,
    slot_no     bigint      NOT NULL,
    seq         bigint      NOT NULL,
    revision    integer     NOT NULL,                   -- of the campaign when it was granted
    state       text        NOT NULL CHECK (state IN ('granted', 'lapsed', 'dialing', 'orphaned', 'unknown', 'done')),
    due_at      timestamptz NOT NULL,
    not_before  timestamptz NOT NULL,
    not_after   timestamptz NOT NULL,
    fence       integer     NOT NULL DEFAULT 0,         -- grows with every intent; an old one changes nothing
    owner       text,                                   -- the dialer that has it
    lease_until timestamptz,
    intent_at   timestamptz,                            -- the point of no return
    orphaned_at timestamptz,
    lapsed_at   timestamptz,
    PRIMARY KEY (campaign_id, period_no, slot_no),
    CHECK (not_before >= due_at AND not_after > not_before),
    CHECK ((lapsed_at IS NOT NULL) = (state = 'lapsed')),
    CHECK ((intent_at IS NOT NULL) = (state IN ('dialing', 'orphaned', 'unknown', 'done')))
) WITH (fillfactor = 85);
-- Promise 1: an entry has one attempt that has not lapsed, whatever runs twice. (On lapsed_at, not state: the
-- steps after the grant then change no indexed column.)
CREATE UNIQUE INDEX attempts_one_per_entry ON attempts (campaign_id, seq) WHERE lapsed_at IS NULL;
CREATE INDEX attempts_to_lapse ON attempts (not_after) WHERE state = 'granted';
CREATE INDEX attempts_to_orphan ON attempts (lease_until) WHERE state = 'dialing';
CREATE INDEX attempts_to_settle ON attempts (orphaned_at) WHERE state = 'orphaned';

-- Promise 2: each entry ends in exactly one final outcome. `version` grows when a late truth corrects an unknown.

CREATE TABLE outcomes (
    campaign_id    bigint      NOT NULL,
    seq            bigint      NOT NULL,
    version        smallint    NOT NULL DEFAULT 1,
    disposition    text        NOT NULL CHECK (disposition IN ('answered', 'busy', 'no_answer', 'rejected',
                                               'unreachable', 'invalid', 'expired', 'unknown')),
    callee_type    text,
    attempts       smallint    NOT NULL,                -- times it was dialed
    dialed_at      timestamptz,
    ended_at       timestamptz NOT NULL,
    duration       integer     NOT NULL DEFAULT 0,      -- seconds from answer to end
    error          text,
    recorded_at    timestamptz NOT NULL,
    PRIMARY KEY (campaign_id, seq)
);

-- The posts to result_url. The body is kept as bytes: a retry is the same post, signature and all.

CREATE TABLE deliveries (
    campaign_id  bigint      NOT NULL,
    seq          bigint      NOT NULL,
    version      smallint    NOT NULL,                  -- of the outcome it tells
    account_id   bigint      NOT NULL REFERENCES accounts,
    url          text        NOT NULL,
    body         bytea       NOT NULL,
    state        text        NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    tries        integer     NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL,
    next_at      timestamptz NOT NULL,
    finished_at  timestamptz,
    last_status  integer,                               -- HTTP status of the last try
    last_error   text,                                  -- why the last try failed, in a few words
    PRIMARY KEY (campaign_id, seq, version)
);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';
CREATE INDEX deliveries_dead ON deliveries (account_id, campaign_id) WHERE state = 'dead';

-- Letters that leave with the state they announce; the relay publishes them and then forgets them.

CREATE TABLE outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id uuid        NOT NULL DEFAULT gen_random_uuid(),
    name       text        NOT NULL,
    body       bytea       NOT NULL,
    created_at timestamptz NOT NULL
);

-- A rehearsal's clock: house time = origin + (real time − since) × rate. Empty in every house that calls people;
-- a house whose ENVIRONMENT is neither `test` nor `demo` refuses to start when it holds a row.

CREATE TABLE rehearsal_clock (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    rate     double precision NOT NULL CHECK (rate > 0),
    origin   timestamptz NOT NULL,
    since    timestamptz NOT NULL
);
