-- Pages of dead letters, and orphans to ask about again, cost the same however many of them there are.

DROP INDEX deliveries_dead;
CREATE INDEX deliveries_dead ON deliveries (account_id, campaign_id, seq, version) WHERE state = 'dead';
CREATE INDEX attempts_to_ask ON attempts (lease_until) WHERE state = 'orphaned';
