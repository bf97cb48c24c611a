"""`paceline calls`: the numbers of a campaign's list, and what became of each."""

from __future__ import annotations

import json
from typing import Annotated

from cyclopts import App, Parameter

from paceline.commands.lists import NumbersFile, told_import, uploading
from paceline.commands.terminal import On, at, cell, table
from paceline.models import Call, CallHistory, CallState, Disposition

Campaign = Annotated[int, Parameter(help="The campaign's id.")]
_ENDED = {"hangup": "the callee hung up", "disconnect": "it hung up"}  # of the others the event, or the word, says more

app = App(name="calls", help="The numbers of a campaign's list, and what became of each.")


@app.command
async def add(
    campaign: Campaign,
    file: NumbersFile,
    /,
    *,
    skip_invalid: Annotated[bool, Parameter(negative=(), help="Store the good lines when some are bad.")] = False,
    on: On,
) -> None:
    """Add numbers to the end of a campaign's queue, also while it runs.

    A line is `tel:+12223334444; ani=7778889999, reference`; only the number is needed.
    """
    async with on.house() as house:
        with uploading(on, file) as upload:
            done = await house.campaigns.add_calls(
                campaign,
                upload.numbers,
                on_invalid="skip" if skip_invalid else "refuse",
                on_progress=upload.progress,
            )
    on.data(done)
    told_import(on, done)


@app.command(name="list")
async def list_all(
    campaign: Campaign,
    /,
    *,
    state: Annotated[CallState | None, Parameter(help="Only those in this state.")] = None,
    disposition: Annotated[Disposition | None, Parameter(help="Only those that ended like this.")] = None,
    on: On,
) -> None:
    """Show a campaign's numbers in the order of its queue."""
    async with on.house() as house:
        await on.many(
            house.calls.list(campaign, state=state, disposition=disposition),
            ("#id", "number", "reference", "state", "disposition", "dialed at", "#seconds"),
            lambda each: (
                each.id,
                each.phone_number,
                each.message_reference,
                each.state,
                outcome(each),
                each.last_attempt_timestamp,
                each.duration if each.last_attempt_timestamp else None,
            ),
            none="There are none.",
        )


@app.command
async def show(call: Annotated[int, Parameter(help="The call's id.")], /, *, on: On) -> None:
    """Show all that happened to a number, and why it has not been dialed yet."""
    async with on.house() as house:
        found = await house.calls.get(call)
    on.one(
        found,
        [
            ("id", found.id),
            ("campaign", found.campaign_id),
            ("number", found.phone_number),
            ("shown as", found.ani),
            ("reference", found.message_reference),
            ("state", found.state),
            ("outcome", outcome(found)),
            ("answered by", found.callee_type),
            ("dialed at", found.last_attempt_timestamp),
            ("seconds", found.duration if found.last_attempt_timestamp else None),
            ("error", found.error_message),
            ("application", application(found)),
            ("why not yet", why(found)),
            ("result posted", delivery(found)),
        ],
    )
    if found.history:
        on.say("")
        rows = [(cell(each.at), cell(each.what), cell(each.detail)) for each in found.history]
        on.show(table(("at", "what", "of it"), rows))


def outcome(found: Call) -> str | None:
    """Return how a call ended; somebody who took it and met an application that failed is not well served."""
    failed = found.disposition == "answered" and found.result == "failed"
    return f"{found.disposition}, application failed" if failed else found.disposition


def application(found: CallHistory) -> str | None:
    """Return what the application did, in words."""
    if (did := found.application_result) is None:
        return None
    ended = str(did.get("ended"))
    said = [_ENDED.get(ended) or str(did.get("event") or ended)]
    if did.get("value") is not None:
        said.append(f"gave {json.dumps(did['value'], ensure_ascii=False)}")
    if keyed := did.get("digits"):
        said.append("heard " + " ".join("(private)" if each is None else each for each in keyed))
    return ", ".join(said)


def why(found: CallHistory) -> str | None:
    """Return why a number was not dialed yet, in words."""
    if found.why is None:
        return None
    expected = f" Expected: {at(found.why.expected_at)}." if found.why.expected_at else ""
    return f"{found.why.detail}{expected}"


def delivery(found: CallHistory) -> str | None:
    """Return how far the post of the result has come, in words."""
    post = found.delivery
    if post is None:
        return None
    words = f"{post.state} after {post.tries} {'try' if post.tries == 1 else 'tries'}"
    last = post.last_error or (f"answered {post.last_status}" if post.last_status else "")
    again = f"; again at {at(post.next_at)}" if post.next_at else ""
    return words + (f" ({last})" if last else "") + again
