"""What the peers keep of each call: the steps of ours, a row at a time, as a task has it.

`queued` → `granted` → `dialing`, committed before the call, → `done` with its outcome, whose post is noted. Runs in the
peers' own venv.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import psycopg2

TABLES = """
CREATE TABLE IF NOT EXISTS peer_calls (
    campaign_id bigint, seq bigint, phone text, reference text, state text NOT NULL DEFAULT 'queued',
    dialed_at timestamptz, PRIMARY KEY (campaign_id, seq)
) WITH (fillfactor = 85);
CREATE TABLE IF NOT EXISTS peer_outcomes (
    campaign_id bigint, seq bigint, disposition text, recorded_at timestamptz, delivered_at timestamptz,
    PRIMARY KEY (campaign_id, seq)
) WITH (fillfactor = 85);
"""
_GRANTED_AT_ONCE = 200
_GRANT = """
UPDATE peer_calls AS c SET state = 'granted'
FROM (SELECT campaign_id, seq FROM peer_calls WHERE campaign_id = %s AND state = 'queued'
      ORDER BY seq LIMIT %s FOR UPDATE SKIP LOCKED) AS next
WHERE c.campaign_id = next.campaign_id AND c.seq = next.seq
RETURNING c.seq, c.phone, c.reference
"""
_INTEND = """
UPDATE peer_calls SET state = 'dialing', dialed_at = now()
WHERE campaign_id = %s AND seq = %s AND state = 'granted'
"""
_RECORD = "INSERT INTO peer_outcomes (campaign_id, seq, disposition, recorded_at) VALUES (%s, %s, %s, now())"
_DONE = "UPDATE peer_calls SET state = 'done' WHERE campaign_id = %s AND seq = %s"
_DELIVERED = "UPDATE peer_outcomes SET delivered_at = now() WHERE campaign_id = %s AND seq = %s"
_mine = threading.local()


def _connection():
    """One connection a worker process, or a thread of it, as anybody would."""
    if not hasattr(_mine, "connection"):
        _mine.connection = psycopg2.connect(os.environ["PEER_DSN"])
    return _mine.connection


def grant(campaign_id: int, count: int) -> Iterator[tuple[int, str, str]]:
    """Take calls from the queue, some at a time, each batch in a transaction of its own."""
    while count > 0:
        with _connection() as transaction, transaction.cursor() as cursor:
            cursor.execute(_GRANT, (campaign_id, min(count, _GRANTED_AT_ONCE)))
            granted = cursor.fetchall()
        count -= len(granted)
        yield from granted


def intend(campaign_id: int, seq: int) -> bool:
    """Commit the intent to dial; a message that comes twice finds nothing to dial."""
    with _connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(_INTEND, (campaign_id, seq))
        return cursor.rowcount == 1


def record(campaign_id: int, seq: int, disposition: str) -> None:
    """Store the outcome."""
    with _connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(_RECORD, (campaign_id, seq, disposition))
        cursor.execute(_DONE, (campaign_id, seq))


def note_delivery(campaign_id: int, seq: int) -> None:
    """Note that the outcome was posted."""
    with _connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(_DELIVERED, (campaign_id, seq))


def prepare() -> None:
    """Make the tables."""
    with _connection() as transaction, transaction.cursor() as cursor:
        cursor.execute(TABLES)
