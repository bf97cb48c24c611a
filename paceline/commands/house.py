"""What concerns all campaigns: results that were not taken, the audit log, the stream of events."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.text import Text

from paceline.commands.terminal import On, at, plural, shown

OfCampaign = Annotated[int | None, Parameter(help="Only of this campaign; else of all.")]

deliveries = App(name="deliveries", help="Results of calls that your result_url did not take.")


@deliveries.command(name="list")
async def list_dead(*, campaign: OfCampaign = None, on: On) -> None:
    """Show the results that were not taken, however often they were posted."""
    async with on.house() as house:
        await on.many(
            house.deliveries.list(campaign_id=campaign),
            ("id", "#call", "#campaign", "#tries", "#status", "what went wrong", "given up at"),
            lambda each: (
                each.id,
                each.call_id,
                each.campaign_id,
                each.tries,
                each.last_status,
                each.last_error,
                each.finished_at,
            ),
            none="Every result was taken, or is still on its way.",
        )


@deliveries.command
async def replay(*, campaign: OfCampaign = None, on: On) -> None:
    """Have them posted again, within seconds, each under the same webhook-id."""
    async with on.house() as house:
        count = await house.deliveries.replay(campaign_id=campaign)
    on.data({"dead_letters": count})
    on.say(f"{plural(count, 'result is', 'results are')} posted again." if count else "There is none to post again.")


async def audit(*, after: Annotated[int, Parameter(help="Only what has a higher id.")] = 0, on: On) -> None:
    """Show what was done in your account, by which token or command, oldest first."""
    async with on.house() as house:
        await on.many(
            house.audit.list(after=after),
            ("#id", "at", "by", "operation", "of", "#quantity", "request"),
            lambda each: (
                each.id,
                each.at,
                each.token_id or each.actor,
                each.operation,
                f"{each.resource_kind} {each.resource_id}" if each.resource_kind else None,
                each.quantity,
                each.request_id,
            ),
            none="Nothing was done yet.",
        )


async def events(
    *,
    campaign: OfCampaign = None,
    after: Annotated[int | None, Parameter(help="Go on after this event's number; else from now on.")] = None,
    on: On,
) -> None:
    """Follow what happens as it happens, until ^C; a broken connection is made again, and nothing is left out."""
    async with on.house() as house:
        async for event in house.events(campaign_id=campaign, after=after):
            on.data(event)
            words = " ".join(f"{name}={value}" for name, value in event.data.items() if value is not None)
            line = Text(f"{event.seq}  ", "dim")
            line.append(f"{at(event.time) if event.time else '':26}  ").append(f"{event.type}  ", "bold")
            on.say(line.append(shown(words)))
