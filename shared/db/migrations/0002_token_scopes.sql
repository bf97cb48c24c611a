-- A token may do what its scopes say and no more; the tokens there are go on doing everything.

ALTER TABLE tokens ADD COLUMN scopes text[] NOT NULL DEFAULT '{read,write,control}'
    CHECK (cardinality(scopes) >= 1 AND scopes <@ ARRAY['read', 'write', 'control']);
ALTER TABLE tokens ALTER COLUMN scopes DROP DEFAULT;
