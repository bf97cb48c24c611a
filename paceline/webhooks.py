"""Posts to your `result_url`: proved to be the house's, and typed.

    result = paceline.webhooks.verify(request.headers, await request.read(), "whsec_...")

Answer 2xx to take a result. It may come again under the same `webhook_id`: take it once. While the secret is changed a
post carries two signatures, so the old secret and the new one are both good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import parse_qsl

from pydantic import ValidationError, field_validator
from standardwebhooks.webhooks import Webhook

from paceline.errors import PacelineError, WebhookRefused
from paceline.models import Answer, Disposition


class Result(Answer):
    """How one entry of a list ended."""

    webhook_id: str
    sent_at: datetime
    phone_number: str
    message_reference: str
    call_id: int
    campaign_id: int
    result: Literal["completed", "failed"]
    disposition: Disposition
    callee_type: str | None = None
    attempts: int
    last_attempt_timestamp: datetime | None = None
    duration: int | None = None
    error_message: str = ""
    application_result: dict[str, Any] | None = None  # what the application at start_url did

    @field_validator("application_result", mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return json.loads(value) if value else None

    @field_validator("last_attempt_timestamp", "duration", "callee_type", mode="before")
    @classmethod
    def _none_for_empty(cls, value: Any) -> Any:
        return None if value == "" else value


def verify(headers: Mapping[str, str], body: bytes, secret: str) -> Result:
    """Return what a post says, when it is the house's and not older or newer than five minutes.

    Raises:
        WebhookRefused: it is not signed with the secret, too old, or no result.
        PacelineError: the secret is none.
    """
    try:
        webhook = Webhook(secret)
    except Exception:  # noqa: BLE001 (the library raises what its parts raise)
        raise PacelineError("The webhook secret must be as `token create` showed it: whsec_ and base64.") from None
    given = {name.lower(): value for name, value in headers.items()}
    try:
        webhook.verify(body, given, json_parse=False)
    except Exception:  # noqa: BLE001 (bytes, base64 and floats of a stranger raise all kinds)
        raise WebhookRefused("The post is not signed with this secret, or is too old or too new.") from None
    fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
    sent_at = datetime.fromtimestamp(int(given["webhook-timestamp"]), UTC)
    try:
        return Result.model_validate({**fields, "webhook_id": given["webhook-id"], "sent_at": sent_at})
    except ValidationError:
        raise WebhookRefused("The post is signed, but is no result as this version knows it.") from None
