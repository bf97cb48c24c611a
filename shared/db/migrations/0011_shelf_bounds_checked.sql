-- Second step: the rows are read and found to lie on the first shelf. This takes as long as it takes, and nobody waits
-- for it; the third step need not read them under its lock.

ALTER TABLE calls VALIDATE CONSTRAINT on_first_shelf;
ALTER TABLE attempts VALIDATE CONSTRAINT on_first_shelf;
ALTER TABLE outcomes VALIDATE CONSTRAINT on_first_shelf;
ALTER TABLE deliveries VALIDATE CONSTRAINT on_first_shelf;
