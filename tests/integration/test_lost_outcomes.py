"""The broker loses the letters about a campaign's last entries: they are told of again, until each has its outcome."""

from datetime import date, time, timedelta

from services.pacer.reaper import Reaper
from services.pacer.settings import PacerSettings
from services.results.store import ResultsStore
from shared.clock import Clock
from shared.contracts.calls import CallsEnded, CallsExpired
from shared.domain.calling_hours import resolve
from tests.support.ledger import add_campaign, add_grant

MONDAY_8 = resolve(date(2022, 1, 3), time(8))
OVER = resolve(date(2022, 1, 8), time(0))


class StandingClock(Clock):
    """A clock that the test moves."""

    def now(self):
        return self.instant


def make_reaper(ledger):
    clock = StandingClock()
    clock.instant = OVER
    return Reaper(ledger, clock, PacerSettings()), clock


async def take_letters(ledger):
    """Take what waits in the outbox: here, the broker loses it."""
    rows = await ledger.fetch("DELETE FROM outbox RETURNING id, name, body")
    kinds = {letter.NAME: letter for letter in (CallsEnded, CallsExpired)}
    return [kinds[r["name"]].model_validate_json(r["body"]) for r in sorted(rows, key=lambda r: r["id"])]


async def is_settled(ledger):
    return bool(await ledger.fetch("SELECT FROM pacing WHERE settled_at IS NOT NULL"))


async def rounds(reaper, clock, *, minutes):
    """Let some time pass, and the reaper come by, again and again."""
    clock.instant += timedelta(minutes=minutes)
    for _ in range(3):
        await reaper.reap()


async def test_expired_entries_whose_letter_was_lost_are_told_of_again(ledger):
    await add_campaign(ledger, numbers=7)
    results = ResultsStore(ledger)
    reaper, clock = make_reaper(ledger)
    await rounds(reaper, clock, minutes=1)
    (lost,) = await take_letters(ledger)
    await rounds(reaper, clock, minutes=9)
    assert await take_letters(ledger) == []  # they may still be heard of
    await rounds(reaper, clock, minutes=2)
    (again,) = await take_letters(ledger)
    assert again.seqs == lost.seqs == tuple(range(1, 8))
    await results.record_expired(again, now=clock.now())
    await rounds(reaper, clock, minutes=11)
    assert await take_letters(ledger) == []
    assert await is_settled(ledger)


async def test_a_long_queue_is_counted_stretch_by_stretch(ledger, monkeypatch):
    monkeypatch.setattr("services.pacer.reaper._COUNTED_A_ROUND", 3)
    await add_campaign(ledger, numbers=7)
    reaper, clock = make_reaper(ledger)
    await rounds(reaper, clock, minutes=1)
    (letter,) = await take_letters(ledger)
    heard = letter.model_copy(update={"seqs": (1, 2, 3, 4, 6, 7)})
    await ResultsStore(ledger).record_expired(heard, now=clock.now())
    await rounds(reaper, clock, minutes=11)
    (again,) = await take_letters(ledger)
    assert again.seqs == (5,)
    await ResultsStore(ledger).record_expired(again, now=clock.now())
    await rounds(reaper, clock, minutes=1)  # drained again
    await rounds(reaper, clock, minutes=11)
    assert await is_settled(ledger)


async def test_an_unknown_whose_letter_was_lost_is_told_of_again(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    await add_grant(ledger, campaign, 1, at=MONDAY_8)
    await ledger.execute("UPDATE pacing SET next_seq = 2")
    await ledger.execute(
        "UPDATE attempts SET state = 'unknown', intent_at = not_before, orphaned_at = not_before, fence = 1"
    )
    reaper, clock = make_reaper(ledger)
    await rounds(reaper, clock, minutes=1)
    await rounds(reaper, clock, minutes=11)
    (letter,) = await take_letters(ledger)
    assert [(o.seq, o.disposition) for o in letter.outcomes] == [(1, "unknown")]
    assert not await is_settled(ledger)
    await ResultsStore(ledger).record_ended(letter.outcomes, now=clock.now())
    await rounds(reaper, clock, minutes=11)
    assert await is_settled(ledger)


async def test_a_call_that_may_yet_be_retracted_keeps_its_campaign_open(ledger):
    campaign = await add_campaign(ledger, numbers=1)
    await add_grant(ledger, campaign, 1, at=MONDAY_8)
    await ledger.execute("UPDATE pacing SET next_seq = 2")
    await ledger.execute(
        "UPDATE attempts SET state = 'dialing', intent_at = not_before, lease_until = $1", OVER + timedelta(hours=1)
    )
    reaper, clock = make_reaper(ledger)
    await rounds(reaper, clock, minutes=1)
    # The dialer takes it back at last: its entry was not dialed, and expires.
    await ledger.execute("UPDATE attempts SET state = 'granted', intent_at = NULL, lease_until = NULL")
    await rounds(reaper, clock, minutes=1)
    (letter,) = await take_letters(ledger)
    assert letter.seqs == (1,)
