-- name: server_facts
-- How this PostgreSQL is set up, as far as promises stand on it.
SELECT current_setting('server_version_num')::integer / 10000 AS major,
       current_setting('fsync') AS fsync,
       current_setting('full_page_writes') AS full_page_writes,
       current_setting('synchronous_commit') AS synchronous_commit,
       current_setting('synchronous_standby_names') <> '' AS replicated,
       current_setting('max_connections')::integer AS connections_at_most,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections,
       EXISTS (SELECT FROM rehearsal_clock) AS rehearsed,
       ARRAY(SELECT c.relname::text FROM pg_class AS c
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
               AND NOT (has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')
                        AND has_table_privilege(c.oid, 'UPDATE') AND has_table_privilege(c.oid, 'DELETE'))
             ORDER BY c.relname) AS out_of_reach;

-- name: who_is_connected
-- The processes of a house, by the names of their connections.
SELECT application_name AS name, count(DISTINCT client_addr) AS hosts FROM pg_stat_activity
WHERE datname = current_database() AND application_name LIKE 'paceline-%' GROUP BY application_name ORDER BY 1;

-- name: backlog
-- What waits in the ledger for somebody: letters for the relays, callbacks for a person.
SELECT (SELECT count(*) FROM outbox) AS letters,
       (SELECT min(created_at) FROM outbox) AS oldest_letter,
       (SELECT count(*) FROM deliveries WHERE state = 'dead') AS dead_deliveries;
