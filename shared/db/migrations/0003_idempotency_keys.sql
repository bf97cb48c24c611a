-- Answers to writes under the key their sender gave them: the same request again is answered, not done again.

CREATE TABLE idempotency_keys (
    account_id  bigint      NOT NULL REFERENCES accounts,
    key         text        NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea       NOT NULL CHECK (length(fingerprint) = 32),    -- SHA-256 of method, path, query and body
    answer      bytea       NOT NULL,                   -- the JSON of the 200; refusals are not kept
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);
CREATE INDEX idempotency_keys_to_forget ON idempotency_keys (created_at);
