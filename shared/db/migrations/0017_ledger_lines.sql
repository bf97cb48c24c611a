-- The lines of history this ledger has stood on. A failover or a restore begins another one, on which calls that were
-- dialed may be missing: nobody is called on a line before it is accepted.

CREATE TABLE ledger_lines (
    system_id   text        NOT NULL,                    -- PostgreSQL's system identifier, and this table's number
    timeline    integer     NOT NULL,
    noticed_at  timestamptz NOT NULL,                    -- by the server's clock
    accepted_at timestamptz,                             -- by the server's clock
    PRIMARY KEY (system_id, timeline)
);
