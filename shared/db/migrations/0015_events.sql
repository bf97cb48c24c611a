-- Public events: what happened is written with the state it tells, then numbered for its account, and kept for a while.

-- One row for what one transaction did to one campaign: waits for its number.
CREATE TABLE happenings (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint      NOT NULL,
    campaign_id bigint      NOT NULL,
    name        text        NOT NULL,                   -- the event's, with its version
    at          timestamptz NOT NULL,
    seqs        integer[],                              -- the calls it happened to; NULL: to the campaign
    details     json,                                   -- of calls: each value is a list, or one for all
    traceparent text,                                   -- of the request that brought it about
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns (account_id, id)
);

-- The same, numbered: an account's events are first_no to last_no, and so on without a gap. Its ids are in the order in
-- which they came here: one writes at a time.
CREATE TABLE feed (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id  bigint      NOT NULL,
    campaign_id bigint      NOT NULL,
    name        text        NOT NULL,
    at          timestamptz NOT NULL,
    first_no    bigint      NOT NULL,
    last_no     bigint      NOT NULL,
    seqs        integer[],
    details     json,
    traceparent text,
    FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns (account_id, id),
    CHECK (last_no = first_no + coalesce(cardinality(seqs), 1) - 1)
);
CREATE UNIQUE INDEX feed_of_account ON feed (account_id, last_no);
CREATE INDEX feed_of_campaign ON feed (account_id, campaign_id, last_no);

-- The last number of an account; it outlives the events.
CREATE TABLE feed_ends (
    account_id bigint PRIMARY KEY REFERENCES accounts,
    last_no    bigint NOT NULL
);

-- How far the feed was told on an exchange. Whoever tells holds the row.
CREATE TABLE heralds (
    exchange text   PRIMARY KEY,
    told_to  bigint NOT NULL
);
