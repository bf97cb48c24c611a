"""What other services and tenants' programs are told: every public event once, under a name with a version.

A change that adds a field keeps the version; any other is a new event beside the old one. No phone number and no
message_reference is in any: they hold ids, and the API answers the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.applications import ApplicationResult
from shared.domain.call_id import to_webhook_id
from shared.domain.call_state import CalleeType, Disposition, result_of

Id = Annotated[int, Field(ge=1)]
Count = Annotated[int, Field(ge=0)]


class PublicEvent(BaseModel):
    """The data of an event; `NAME` is its CloudEvents type and its routing key."""

    model_config = ConfigDict(frozen=True)

    NAME: ClassVar[str]

    campaign_id: Id = Field(description="The campaign.")


class CallEvent(PublicEvent):
    """The data of an event about one call."""

    call_id: Id = Field(description="The call, as `start_url` and `result_url` are told it.")

    @classmethod
    def derived(cls, campaign_id: int, seq: int, details: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003 (for those that need it)
        """Return the fields that follow from what the ledger holds."""
        return {}


class CampaignCreated(PublicEvent):
    """A campaign was made. It calls nobody until it is started."""

    NAME: ClassVar[str] = "campaign.created.v1"


class CampaignChanged(PublicEvent):
    """The dates, hours, pace or addresses of a campaign changed, directly or through its schedule or a profile."""

    NAME: ClassVar[str] = "campaign.changed.v1"


class CampaignStarted(PublicEvent):
    """A campaign was started: its calls go out inside its dates, days and windows."""

    NAME: ClassVar[str] = "campaign.started.v1"


class CampaignStopped(PublicEvent):
    """A campaign was stopped. No `call.dialing` of it comes after this, until it is started again."""

    NAME: ClassVar[str] = "campaign.stopped.v1"


class CampaignEnded(PublicEvent):
    """A campaign's dates are over: what was not dialed expires, and is told call by call."""

    NAME: ClassVar[str] = "campaign.ended.v1"


class CampaignDeleted(PublicEvent):
    """A campaign was deleted: what was not dialed expires, and is told call by call."""

    NAME: ClassVar[str] = "campaign.deleted.v1"


class CallsAdded(PublicEvent):
    """Numbers were appended to the end of a campaign's queue."""

    NAME: ClassVar[str] = "calls.added.v1"

    added: Id = Field(description="How many.")
    calls: Id = Field(description="How many the campaign was given in all, with these.")


class CallDialing(CallEvent):
    """The house committed itself to dial: within a moment the phone rings."""

    NAME: ClassVar[str] = "call.dialing.v1"


class CallRetracted(CallEvent):
    """A `call.dialing` is taken back: certainly nobody was dialed. The call may be dialed later, and that is told."""

    NAME: ClassVar[str] = "call.retracted.v1"


class CallAnswered(CallEvent):
    """Somebody or something answered. The one event that may be missing: when the dialer or the database failed."""

    NAME: ClassVar[str] = "call.answered.v1"

    callee_type: CalleeType = Field(description="Who or what answered.")


class CallCompleted(CallEvent):
    """The one final word on a call. Each call ends in it; a second one, `version` 2, corrects an `unknown`."""

    NAME: ClassVar[str] = "call.completed.v1"

    version: Id = Field(description="1, or 2 for a late truth about an outcome that was told as `unknown`.")
    result: Literal["completed", "failed"] = Field(description="`completed`: answered, and all went well.")
    disposition: Disposition = Field(description="What became of the call.")
    callee_type: CalleeType | None = Field(description="Who or what answered.")
    attempts: Count = Field(description="How often it was dialed: 0 when it expired.")
    dialed_at: datetime | None = Field(description="When the phone was dialed.")
    ended_at: datetime = Field(description="When the call was over, or given up.")
    duration: Count = Field(description="Seconds from the answer to the end.")
    error_message: str | None = Field(description="A sentence, when something went wrong.")
    application_result: ApplicationResult | None = Field(
        None, description="What the application did, when one ran; events from before it was kept have none."
    )

    @classmethod
    def derived(cls, campaign_id: int, seq: int, details: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG003 (the details say it)
        """Return the vendor's word for the outcome."""
        return {"result": result_of(details.get("disposition"), details.get("error_message"))}


class DeliveryFailed(CallEvent):
    """A result was posted to `result_url` until it was given up: a dead letter, which can be replayed."""

    NAME: ClassVar[str] = "delivery.failed.v1"

    delivery_id: str = Field(
        description="The `webhook-id` of the post, and the dead letter's id in `GET /api/deliveries`."
    )
    version: Id = Field(description="The version of the `call.completed` it was about.")
    tries: Count = Field(description="How often it was tried.")
    last_status: int | None = Field(description="The HTTP status of the last answer.")
    last_error: str | None = Field(description="What went wrong when there was no answer.")

    @classmethod
    def derived(cls, campaign_id: int, seq: int, details: Mapping[str, Any]) -> dict[str, Any]:
        """Return the post's own id."""
        return {"delivery_id": to_webhook_id(campaign_id, seq, details.get("version", 1))}


PUBLIC_EVENTS: tuple[type[PublicEvent], ...] = (
    CampaignCreated,
    CampaignChanged,
    CampaignStarted,
    CampaignStopped,
    CampaignEnded,
    CampaignDeleted,
    CallsAdded,
    CallDialing,
    CallRetracted,
    CallAnswered,
    CallCompleted,
    DeliveryFailed,
)
