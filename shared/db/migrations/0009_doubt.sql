-- A lease that ran out is doubted before its call is held to be abandoned.

ALTER TABLE attempts ADD COLUMN doubted boolean NOT NULL DEFAULT false;
