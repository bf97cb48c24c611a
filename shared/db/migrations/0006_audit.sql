-- Who did what: one row for each write of an account's programs, and for each command about its tokens and secret.

CREATE TABLE audit (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account_id    bigint      NOT NULL REFERENCES accounts,
    at            timestamptz NOT NULL,
    actor         text        NOT NULL CHECK (actor IN ('token', 'operator')),
    token_id      text,                                 -- which token; of an operator's command: about which token
    operation     text        NOT NULL,                 -- the route table's summary, or the command
    resource_kind text,
    resource_id   bigint,
    quantity      bigint,                               -- how many numbers came, or dead letters are posted again
    request_id    text,                                 -- as in the answer and in the log
    status        smallint    NOT NULL,                 -- what was answered; an operator's command: 0, its exit code
    FOREIGN KEY (account_id, token_id) REFERENCES tokens (account_id, id),
    CHECK (actor = 'operator' OR token_id IS NOT NULL)
);
CREATE INDEX audit_by_account ON audit (account_id, id);
CREATE INDEX audit_to_forget ON audit (at);

-- Append-only. The house has one role, which owns its tables, so there is no right to take from it: triggers refuse what
-- is no INSERT, but for rows that are older than the forgetting transaction says.

CREATE FUNCTION refuse_change_of_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an audit row is never changed, and leaves only when it is old' USING ERRCODE = '42501';
END $$;
CREATE TRIGGER audit_never_changes BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit();
CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit FOR EACH ROW
    WHEN (OLD.at >= coalesce(nullif(current_setting('paceline.audit_forgets_before', true), ''), '-infinity')::timestamptz)
    EXECUTE FUNCTION refuse_change_of_audit();
