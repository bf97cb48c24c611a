"""The same work as Celery tasks, as its documents would have one write it: a task for the call, a task for its record.

Runs in the peers' own venv. `celery -A celery_tasks worker` works; `python celery_tasks.py feed|clean` fills the queue
and removes what Celery leaves on a broker.
"""

from __future__ import annotations

import json
import os
import sys

import peer_ledger
import peer_tenant
from celery import Celery

QUEUE = os.environ["PEER_QUEUE"]
app = Celery("paceline_peer", broker=os.environ["PEER_BROKER"])
# Names of its own on a shared broker; everything else is Celery's default.
app.conf.update(task_default_queue=QUEUE, event_exchange=f"{QUEUE}.events", control_exchange=f"{QUEUE}.control")


@app.task(name="peer.call")
def call(campaign_id: int, seq: int, phone: str, reference: str) -> None:
    """Commit the intent, and ask start_url; what became of the call is another task's work."""
    if not peer_ledger.intend(campaign_id, seq):
        return
    disposition = peer_tenant.start(campaign_id, seq, phone, reference)
    record.delay(campaign_id, seq, phone, reference=reference, disposition=disposition)


@app.task(name="peer.record")
def record(campaign_id: int, seq: int, phone: str, *, reference: str, disposition: str) -> None:
    """Store the outcome, and post it."""
    peer_ledger.record(campaign_id, seq, disposition)
    if peer_tenant.tell(campaign_id, seq, phone, reference=reference, disposition=disposition):
        peer_ledger.note_delivery(campaign_id, seq)


def feed() -> None:
    """Grant and ask for the calls of each line of JSON: a campaign's id and how many."""
    peer_ledger.prepare()
    with app.connection_for_write() as warm:
        warm.connect()
    print("ready", flush=True)
    for line in sys.stdin:
        campaign, count = json.loads(line)
        for seq, phone, reference in peer_ledger.grant(campaign, count):
            call.delay(campaign, seq, phone, reference)
        print("fed", flush=True)


def clean() -> None:
    """Remove the queue, and what was declared beside it."""
    with app.connection_for_write() as broker:
        channel = broker.channel()
        channel.queue_delete(QUEUE)
        for exchange in (QUEUE, f"{QUEUE}.events", f"{QUEUE}.control.pidbox", f"reply.{QUEUE}.control.pidbox"):
            channel.exchange_delete(exchange)


if __name__ == "__main__":
    {"feed": feed, "clean": clean}[sys.argv[1]]()
