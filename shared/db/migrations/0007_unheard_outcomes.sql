-- A broker may lose the letter that says how entries ended. When a campaign is over and drained, the pacer looks once
-- more whether each of its entries has an outcome, and tells again of those that have none.

ALTER TABLE pacing
    ADD COLUMN settled_to bigint NOT NULL DEFAULT 0;    -- all entries up to this place have their outcomes
