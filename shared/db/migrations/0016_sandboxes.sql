-- Accounts for trying out: their calls ring nobody, and their campaigns live by a clock that their tenant may speed up.

CREATE TABLE sandboxes (
    account_id bigint           PRIMARY KEY REFERENCES accounts,
    rate       double precision NOT NULL CHECK (rate BETWEEN 1 AND 10000),
    origin     timestamptz      NOT NULL,                -- what the clock showed
    since      timestamptz      NOT NULL                 -- when the house's clock showed this
);

-- What their clocks were before they were set: what happened then is told by them.
CREATE TABLE past_sandbox_clocks (
    account_id bigint           NOT NULL REFERENCES accounts,
    rate       double precision NOT NULL,
    origin     timestamptz      NOT NULL,
    since      timestamptz      NOT NULL,
    PRIMARY KEY (account_id, since)
);
