"""Finished calls are kept for a set time, exported, and dropped by the shelf; what is not finished stays."""

from __future__ import annotations

import asyncio
import csv
import gzip
import hashlib
import json
import stat
from datetime import timedelta

import pytest

from services.results.retention import __main__ as command
from services.results.retention import keeper as keeping
from services.results.retention.keeper import Keeper, ShelfBusy
from services.results.retention.store import ShelfStore
from services.results.settings import ResultsSettings
from services.results.store import SQL as RESULTS
from shared.clock import Clock, Reading
from tests.support.ledger import LONG_AGO, add_campaign
from tests.support.shelves import add_finished, next_shelf
from tests.support.waiting import until

DAY = timedelta(days=1)
KEPT = 30
NUMBERS = 50


def make_keeper(ledger, *, days, folder=""):
    """A keeper so many days after all that was closed and settled."""
    clock = Clock(Reading(LONG_AGO + timedelta(days=days), Clock().monotonic()))
    return Keeper(ledger, clock, ResultsSettings(retention_days=KEPT, retention_export_dir=str(folder)))


@pytest.fixture
async def shelves(ledger):
    """Two closed shelves with a finished campaign each, and a third that is current, with one, too."""
    campaigns = []
    for _ in range(2):
        campaigns.append(await add_finished(ledger, numbers=NUMBERS))
        await next_shelf(ledger)
    campaigns.append(await add_finished(ledger, numbers=NUMBERS))
    return campaigns


async def left(ledger):
    """Which campaigns still have calls, attempts, outcomes and deliveries."""
    return [
        {row["id"] for row in await ledger.fetch(f"SELECT DISTINCT campaign_id AS id FROM {table}")}
        for table in ("calls", "attempts", "outcomes", "deliveries")
    ]


async def tables_of(ledger, no):
    shelf = (await ShelfStore(ledger).shelves())[no - 1]
    return {table.state.value for table in (await ShelfStore(ledger).tables(shelf)).values()}


async def test_a_shelf_that_fills_is_planned_for_anew(ledger):
    keeper = make_keeper(ledger, days=0)
    await keeper.keep()
    async with ledger.connection() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        await connection.execute(f"PREPARE settle AS {RESULTS['settle_deliveries']}")

        async def reads_all():
            values = ", ".join(["'{}'"] * 9)
            return any("Seq Scan" in line for (line,) in await connection.fetch(f"EXPLAIN EXECUTE settle({values})"))

        assert await reads_all()  # there is nothing, so nothing is quicker
        await add_finished(ledger, numbers=5000)
        assert await reads_all()

        async def is_planned_anew():
            await keeper.keep()
            return not await reads_all()

        await until(is_planned_anew, within=20)  # a connection tells now and then how much it wrote


async def test_calls_are_kept_for_their_time_and_not_longer(ledger, shelves):
    first, second, third = shelves
    await ledger.execute("UPDATE pacing SET settled_at = $2 WHERE campaign_id = $1", second, LONG_AGO + DAY)
    await make_keeper(ledger, days=KEPT - 1).keep()
    assert await left(ledger) == [{first, second, third}] * 4
    await make_keeper(ledger, days=KEPT).keep()
    assert await left(ledger) == [{second, third}] * 4
    await make_keeper(ledger, days=KEPT + 1).keep()
    assert await left(ledger) == [{third}] * 4
    assert await tables_of(ledger, 1) == set()


async def test_a_shelf_that_was_opened_before_there_were_tallies_gets_its_table(ledger):
    keeper = make_keeper(ledger, days=0)
    await keeper.keep()  # a spare shelf is behind the first
    await ledger.execute("DROP TABLE tallies_2")
    await next_shelf(ledger)
    await keeper.keep()
    campaign = await add_finished(ledger, numbers=NUMBERS)
    assert [
        dict(row) for row in await ledger.fetch("SELECT tableoid::regclass::text AS lies, entries FROM tallies")
    ] == [{"lies": "tallies_2", "entries": NUMBERS}], campaign
    await keeper.keep()


async def test_without_the_setting_calls_are_kept_for_ever(ledger, shelves):
    clock = Clock(Reading(LONG_AGO + 10_000 * DAY, Clock().monotonic()))
    await Keeper(ledger, clock, ResultsSettings()).keep()
    assert await left(ledger) == [set(shelves)] * 4


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE pacing SET settled_at = NULL WHERE campaign_id = $1",
        "UPDATE campaigns SET state = 'running' WHERE id = $1",
        "UPDATE deliveries SET state = 'pending', finished_at = NULL WHERE campaign_id = $1 AND seq = 7",
    ],
)
async def test_a_shelf_with_anything_to_do_stays(ledger, shelves, spoil):
    first, _, third = shelves
    await ledger.execute(spoil, first)
    await make_keeper(ledger, days=1000).keep()
    assert await left(ledger) == [{first, third}] * 4
    with pytest.raises(ShelfBusy):
        await make_keeper(ledger, days=1000).drop(1)
    assert await left(ledger) == [{first, third}] * 4


async def test_a_dropped_campaign_leaves_its_file_and_its_totals(ledger, shelves, tmp_path, caplog, capfd):
    first, *_ = shelves
    await ledger.execute("UPDATE outcomes SET disposition = 'busy' WHERE campaign_id = $1 AND seq <= 10", first)
    await ledger.execute("UPDATE outcomes SET error = 'It failed.' WHERE campaign_id = $1 AND seq <= 14", first)
    await ledger.execute("UPDATE deliveries SET state = 'dead' WHERE campaign_id = $1 AND seq <= 3", first)
    odd = 'a "quoted",\nline\\ with \t all é'
    await ledger.execute("UPDATE calls SET message_reference = $2 WHERE campaign_id = $1 AND seq = 1", first, odd)
    folder = tmp_path / "made" / "here"
    await make_keeper(ledger, days=KEPT, folder=folder).keep()

    made = folder / "shelf-1"
    manifest = json.loads((made / "manifest.json").read_bytes())
    (listed,) = manifest["files"]
    body = (made / listed["file"]).read_bytes()
    assert (listed["campaign_id"], listed["rows"], listed["bytes"]) == (first, NUMBERS, len(body))
    assert listed["sha256"] == hashlib.sha256(body).hexdigest()
    rows = list(csv.DictReader(gzip.decompress(body).decode().splitlines(keepends=True)))
    assert [int(row["seq"]) for row in rows] == list(range(1, NUMBERS + 1))
    assert rows[0]["message_reference"] == odd
    assert (rows[0]["phone"], rows[0]["call_id"]) == ("+12125550001", str(first * 10**9 + 1))
    assert [row["disposition"] for row in rows].count("busy") == 10
    assert [row["result"] for row in rows].count("dead") == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.iterdir()} == {0o600}
    assert {path.name for path in made.iterdir()} == {"manifest.json", listed["file"]}
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert "2125550" not in caplog.text + "".join(capfd.readouterr())

    totals = await ledger.fetch_one("SELECT * FROM campaign_totals WHERE campaign_id = $1", first)
    assert totals["calls"] == NUMBERS
    assert json.loads(totals["outcomes"]) == {"answered": NUMBERS - 10, "busy": 10}
    assert (totals["failed"], totals["delivered"], totals["dead"]) == (4, NUMBERS - 3, 3)


async def test_what_cannot_be_exported_is_not_dropped(ledger, shelves, tmp_path):
    first, second, third = shelves
    (tmp_path / "shelf-1").write_text("a file where a folder should be")
    with pytest.raises(OSError, match="shelf-1"):
        await make_keeper(ledger, days=KEPT, folder=tmp_path).keep()
    assert await tables_of(ledger, 1) == {"detached"}
    assert len(await ledger.fetch("SELECT FROM calls_1")) == NUMBERS
    (tmp_path / "shelf-1").unlink()
    await make_keeper(ledger, days=KEPT, folder=tmp_path).keep(look=False)
    assert await left(ledger) == [{second, third}] * 4
    assert (tmp_path / "shelf-1" / f"campaign-{first}.csv.gz").exists()


STEPS = ("set_aside", "is_done", "keep_totals", "drop")


@pytest.mark.parametrize("died", [f"{when} {step}" for step in STEPS for when in ("before", "after")])
async def test_a_keeper_that_dies_at_any_step_is_followed_by_another(ledger, shelves, tmp_path, monkeypatch, died):
    when, step = died.split()

    class Died(Exception):
        pass

    real = getattr(ShelfStore, step)

    async def dies(*args, **named):
        if when == "after":
            await real(*args, **named)
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(ShelfStore, step, dies)
        with pytest.raises(Died):
            await make_keeper(ledger, days=KEPT, folder=tmp_path).keep()
    await make_keeper(ledger, days=KEPT, folder=tmp_path).keep()
    assert await left(ledger) == [{shelves[2]}] * 4
    assert len(await ledger.fetch("SELECT FROM campaign_totals WHERE calls = $1", NUMBERS)) == 2
    assert len(list(tmp_path.glob("shelf-*/campaign-*.csv.gz"))) == 2


async def test_a_result_that_is_to_be_posted_again_at_the_last_moment_brings_its_shelf_back(
    ledger, shelves, monkeypatch
):
    first, _, third = shelves
    real = ShelfStore.standing

    async def looks_and_then_it_changes(store, shelf):
        found = await real(store, shelf)
        await ledger.execute("UPDATE deliveries SET state = 'pending' WHERE campaign_id = $1 AND seq = 7", first)
        return found

    monkeypatch.setattr(ShelfStore, "standing", looks_and_then_it_changes)
    await make_keeper(ledger, days=KEPT).keep()
    monkeypatch.undo()
    assert await left(ledger) == [{first, third}] * 4
    assert await tables_of(ledger, 1) == {"attached"}
    assert await ledger.fetch("SELECT FROM campaign_totals WHERE campaign_id = $1", first) == []
    await ledger.execute("UPDATE deliveries SET state = 'delivered' WHERE campaign_id = $1", first)
    await make_keeper(ledger, days=KEPT).keep()
    assert await left(ledger) == [{third}] * 4


async def test_of_many_keepers_one_works_and_no_other_waits(ledger, shelves):
    held, release = asyncio.Event(), asyncio.Event()

    async def hold():
        async with ShelfStore(ledger).alone() as alone:
            assert alone
            held.set()
            await release.wait()

    holder = asyncio.create_task(hold())
    await held.wait()
    await asyncio.gather(*(make_keeper(ledger, days=KEPT).keep() for _ in range(5)))
    assert await left(ledger) == [set(shelves)] * 4
    with pytest.raises(ShelfBusy):
        await make_keeper(ledger, days=KEPT).drop(1)
    release.set()
    await holder
    await asyncio.gather(*(make_keeper(ledger, days=KEPT).keep() for _ in range(5)))
    assert await left(ledger) == [{shelves[2]}] * 4


async def test_shelves_are_closed_in_their_time_and_a_spare_one_is_always_there(ledger):
    store = ShelfStore(ledger)
    for day in range(0, 3 * KEPT, 3):
        await make_keeper(ledger, days=day).keep()
        await add_campaign(ledger, numbers=1)
        shelves = await store.shelves()
        assert shelves[-1].first_id > await store.next_id() - 1
    assert 8 <= len(await store.shelves()) <= 3 * 3 + 2
    spans = [shelf.closed_at - shelf.opened_at for shelf in await store.shelves() if shelf.closed_at]
    assert {round(span / DAY) for span in spans} == {12}  # the first round after ten days


async def test_campaigns_that_are_made_while_a_shelf_is_closed_have_ids_of_their_own(ledger):
    store = ShelfStore(ledger)
    await make_keeper(ledger, days=0).keep()
    first, *_ = await store.shelves()
    await ledger.execute("SELECT setval('campaigns_id_seq', $1)", first.end_id - 40)
    closing = [store.close(first, now=LONG_AGO) for _ in range(3)]
    ids = await asyncio.gather(*(add_campaign(ledger, numbers=1) for _ in range(60)), *closing)
    campaigns = [made for made in ids if made is not None]
    assert len(set(campaigns)) == 60
    assert await store.next_id() > max(campaigns)
    assert await left(ledger) == [set(campaigns), set(), set(), set()]


async def test_a_person_sees_the_shelves_and_drops_one_before_its_time(ledger, shelves, tmp_path):
    _, second, third = shelves
    keeper = make_keeper(ledger, days=1, folder=tmp_path)
    lines = await command.list_shelves(ledger, keeper, ResultsSettings(retention_days=KEPT))
    assert [line.split()[0] for line in lines] == ["shelf", "1", "2", "3", "4"]
    assert [line.split()[4] for line in lines[1:]] == ["closed", "closed", "open", "spare"]
    assert lines[1].endswith(f"from {LONG_AGO + KEPT * DAY:%Y-%m-%d %H:%MZ}")
    assert (await keeper.export(2)).exists()
    assert await left(ledger) == [set(shelves)] * 4
    await keeper.drop(1)
    assert (tmp_path / "shelf-1" / "manifest.json").exists()
    assert await left(ledger) == [{second, third}] * 4
    for no in (1, 3, 4, 99):
        with pytest.raises(ShelfBusy):
            await keeper.drop(no)
    assert "dropped 2021-01-02" in (await command.list_shelves(ledger, keeper, ResultsSettings()))[1]


def test_the_command_says_what_is_wrong_and_what_to_do(database, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", database)
    assert command.main(["list"]) == 0
    assert "campaigns" in capsys.readouterr().out
    for words, said in (
        (["drop", "1"], "Shelf 1 takes new campaigns"),
        (["export", "1"], "Set RETENTION_EXPORT_DIR"),
        (["drop", "5"], "There is no shelf 5"),
    ):
        with pytest.raises(SystemExit) as ended:
            command.main(words)
        assert ended.value.code == 1
        assert said in capsys.readouterr().err


async def test_the_worker_makes_a_round_at_its_start_and_ends_when_told(ledger, shelves, monkeypatch):
    monkeypatch.setattr(keeping, "_EVERY_SECONDS", 60)
    stopping = asyncio.Event()
    worker = asyncio.create_task(make_keeper(ledger, days=KEPT).run(stopping))
    async with asyncio.timeout(30):
        while await left(ledger) != [{shelves[2]}] * 4:
            await asyncio.wait({worker}, timeout=0.05)
        stopping.set()
        await worker
