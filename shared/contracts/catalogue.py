"""Every letter once: its name, who sends it, who receives it. Queues and dead letters are derived from here."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.calls import CallsEnded, CallsExpired, CallsOrphaned, PlaceCalls
from shared.contracts.campaigns import CallsAdded, CampaignChanged, CampaignStarted, CampaignStopped
from shared.contracts.deliveries import ReplayDeliveries
from shared.contracts.envelope import Letter


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the catalogue: the letter, the rooms that send it and the rooms that receive it."""

    letter: type[Letter]
    senders: tuple[str, ...]
    receivers: tuple[str, ...]

    @property
    def name(self) -> str:
        """The wire name."""
        return self.letter.NAME

    @property
    def queues(self) -> tuple[str, ...]:
        """The queue of each receiver, `<room>.<letter>`."""
        return tuple(queue_name(room, self.letter) for room in self.receivers)


def queue_name(room: str, letter: type[Letter]) -> str:
    """Return the queue in which `room` receives `letter`."""
    return f"{room}.{letter.NAME}"


CATALOGUE: tuple[Entry, ...] = (
    Entry(CampaignStarted, senders=("api",), receivers=("pacer",)),
    Entry(CampaignStopped, senders=("api",), receivers=("pacer",)),
    Entry(CampaignChanged, senders=("api",), receivers=("pacer",)),
    Entry(CallsAdded, senders=("api",), receivers=("pacer",)),
    Entry(PlaceCalls, senders=("pacer",), receivers=("dialer",)),
    Entry(CallsOrphaned, senders=("pacer",), receivers=("dialer",)),
    Entry(CallsEnded, senders=("dialer", "pacer"), receivers=("results",)),
    Entry(CallsExpired, senders=("pacer",), receivers=("results",)),
    Entry(ReplayDeliveries, senders=("api",), receivers=("results",)),
)
