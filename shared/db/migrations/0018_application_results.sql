-- What the application at start_url did on a call, as JSON; nothing for calls without one, and from before it was kept.

ALTER TABLE outcomes ADD COLUMN application json;

-- Programs before this one read whole rows of this table by statements that they have prepared, which do not fit any
-- more: a letter that met one would be put away. Cut off, they connect and prepare anew, and take the letter again.
DO $$
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE 'paceline-results%';
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'connections of older programs could not be cut off';
END
$$;
