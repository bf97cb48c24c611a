"""The only drawer that knows asyncpg: pool, named statements, migrations, outbox."""
