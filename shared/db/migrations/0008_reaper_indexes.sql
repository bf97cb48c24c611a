-- What the reaper asks each second costs the same however many campaigns are long over.

ALTER TABLE pacing ADD COLUMN settled_at timestamptz;   -- since then every entry is known to have its outcome
UPDATE pacing AS p SET settled_at = p.drained_at
FROM campaigns AS c WHERE c.id = p.campaign_id AND p.settled_to >= c.queue_end;
CREATE INDEX pacing_to_drain ON pacing (campaign_id) WHERE drained_at IS NULL;
CREATE INDEX pacing_to_settle ON pacing (drained_at) WHERE settled_at IS NULL AND drained_at IS NOT NULL;
