-- What names two things of an account cannot name them of two accounts: deliveries and tokens get the composite key.

ALTER TABLE deliveries
    DROP CONSTRAINT deliveries_account_id_fkey,         -- the campaign's account is one
    ADD FOREIGN KEY (account_id, campaign_id) REFERENCES campaigns (account_id, id);

ALTER TABLE tokens ADD UNIQUE (account_id, id);
