"""A house as a program of a tenant sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from paceline.asking import Asking
from paceline.campaigns import Calls, Campaigns
from paceline.events import follow
from paceline.models import Event
from paceline.resources import Applications, Audit, Deliveries, Profiles, Sandbox, Schedules
from paceline.retries import Patience
from paceline.transport import Transport

_PATIENCE = Patience()


class Client:
    """All of a house's API; use it as an asynchronous context.

    A request that a moment's wait may mend is sent again; a write carries a key, so that it is done once however often
    it is sent.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        patience: Patience = _PATIENCE,
        connect: float = 10.0,
        silence: float = 60.0,
    ) -> None:
        """Take the house's address, such as http://127.0.0.1:8080, and a token.

        `connect` and `silence` are the seconds after which a connection that is not made, or says nothing, is given up.

        Raises:
            PacelineError: the address or the token cannot be one.
        """
        self._transport = Transport(url, token, patience=patience, connect=connect, silence=silence)
        self._patience = patience
        asking = Asking(self._transport)
        self.schedules = Schedules(asking)
        self.profiles = Profiles(asking)
        self.campaigns = Campaigns(asking)
        self.calls = Calls(asking)
        self.deliveries = Deliveries(asking)
        self.audit = Audit(asking)
        self.applications = Applications(asking)
        self.sandbox = Sandbox(asking)

    def __repr__(self) -> str:
        return f"<Client of {self._transport.url}>"

    async def __aenter__(self) -> Self:
        await self._transport.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._transport.close()

    def events(self, *, campaign_id: int | None = None, after: int | None = None) -> AsyncIterator[Event]:
        """Yield events of a campaign or of all as they happen, over broken connections; `after` a place, to resume."""
        path = "api/events" if campaign_id is None else f"api/campaigns/{campaign_id}/events"
        return follow(self._transport, path, after=after, patience=self._patience)
