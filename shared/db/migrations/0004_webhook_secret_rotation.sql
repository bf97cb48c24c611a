-- A webhook secret is replaced without a gap: until an instant, posts are signed with the one before it, too.

ALTER TABLE accounts
    ADD COLUMN previous_secret text,
    ADD COLUMN previous_until  timestamptz,             -- from here on only webhook_secret signs
    ADD CHECK ((previous_secret IS NULL) = (previous_until IS NULL));
