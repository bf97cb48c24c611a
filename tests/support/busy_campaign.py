"""A campaign that is kept busy while something is done to its house, and three witnesses to judge it afterwards."""

from __future__ import annotations

from shared.db.pool import Database
from tests.support.house import House
from tests.support.waiting import until

AT_ONCE, SLOW = "2125550100", "2125550106"  # answered after 3 and after 25 seconds
_BATCH = [AT_ONCE, SLOW] * 50


class BusyCampaign:
    """Dials two numbers in a second of the house's time, as long as it is given numbers."""

    def __init__(self, house: House, ledger: Database) -> None:
        self.entries = 0
        self._house = house
        self._ledger = ledger
        self._id = 0

    async def start(self) -> None:
        """Make the campaign, still without numbers, and start it."""
        ask = self._house.ask
        await ask("POST", "/api/schedules", json={"days": ["mon"], "nickname": "mondays"})
        pace = {"period": 10, "amount_per_period": 1200, "time_between_periods": 1, "nickname": "Brisk"}
        await ask("POST", "/api/profiles", json=pace)
        body = {
            "start_date": "2022-01-03",
            "end_date": "2022-01-03",
            "schedule": "mondays",
            "profiles": [{"profile": "Brisk", "start_time": "08:00", "end_time": "11:00"}],
            "start_url": f"{self._house.tenant}/start",
            "result_url": f"{self._house.tenant}/result",
        }
        self._id = (await ask("POST", "/api/campaigns", json=body))["response"]["id"]
        await ask("POST", "/api/campaigns/start", json={"campaign_id": self._id})

    async def add_numbers(self) -> None:
        """Put a hundred more into its queue."""
        body = {"campaign_id": self._id, "phone_numbers": _BATCH}
        await self._house.ask("POST", "/api/campaigns/add-calls", json=body)
        self.entries += len(_BATCH)

    async def rings(self) -> None:
        """Add numbers, and wait until at least ten phones ring."""
        await self.add_numbers()

        async def ten_ring() -> bool:
            return await self._ringing() >= 10

        await until(ten_ring)

    async def is_recorded(self) -> bool:
        """Whether every call that was dialed has its outcome in the ledger."""
        return await self._ringing() == 0

    async def _ringing(self) -> int:
        row = await self._ledger.fetch_one(
            "SELECT count(*) AS n FROM attempts WHERE state NOT IN ('granted', 'lapsed', 'done')"
        )
        assert row is not None
        return int(row["n"])

    async def dialed_each_entry_once(self) -> None:
        """Wait for the last result; then the ledger, the tenant's start_url and its result_url must agree."""
        results = await self._house.results(self.entries)
        assert {result["disposition"] for result in results} == {"answered"}
        assert len({result["call_id"] for result in results}) == len(results) == self.entries
        assert self._house.sink.started == self.entries
        dialed = await self._ledger.fetch("SELECT FROM attempts WHERE intent_at IS NOT NULL")
        assert len(dialed) == self.entries
        assert await self.is_recorded()
