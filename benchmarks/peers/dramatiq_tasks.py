"""The same work as Dramatiq actors, as its documents would have one write it: one for the call, one for its record.

Runs in the peers' own venv. `python -m dramatiq dramatiq_tasks` works; `python dramatiq_tasks.py feed|clean` fills the
queue and removes what Dramatiq leaves on a broker.
"""

from __future__ import annotations

import json
import os
import sys

import dramatiq
import peer_ledger
import peer_tenant
from dramatiq.brokers.rabbitmq import RabbitmqBroker

QUEUE = os.environ["PEER_QUEUE"]
broker = RabbitmqBroker(url=os.environ["PEER_BROKER"])
dramatiq.set_broker(broker)


@dramatiq.actor(queue_name=QUEUE)
def call(campaign_id: int, seq: int, phone: str, reference: str) -> None:
    """Commit the intent, and ask start_url; what became of the call is another actor's work."""
    if not peer_ledger.intend(campaign_id, seq):
        return
    disposition = peer_tenant.start(campaign_id, seq, phone, reference)
    record.send(campaign_id, seq, phone, reference=reference, disposition=disposition)


@dramatiq.actor(queue_name=QUEUE)
def record(campaign_id: int, seq: int, phone: str, *, reference: str, disposition: str) -> None:
    """Store the outcome, and post it."""
    peer_ledger.record(campaign_id, seq, disposition)
    if peer_tenant.tell(campaign_id, seq, phone, reference=reference, disposition=disposition):
        peer_ledger.note_delivery(campaign_id, seq)


def feed() -> None:
    """Grant and ask for the calls of each line of JSON: a campaign's id and how many."""
    peer_ledger.prepare()
    broker.declare_queue(QUEUE, ensure=True)
    print("ready", flush=True)
    for line in sys.stdin:
        campaign, count = json.loads(line)
        for seq, phone, reference in peer_ledger.grant(campaign, count):
            call.send(campaign, seq, phone, reference)
        print("fed", flush=True)


def clean() -> None:
    """Remove the queue, and those that were declared beside it."""
    for queue in (QUEUE, f"{QUEUE}.DQ", f"{QUEUE}.XQ"):
        broker.channel.queue_delete(queue)


if __name__ == "__main__":
    {"feed": feed, "clean": clean}[sys.argv[1]]()
