"""The official JSON schema of AsyncAPI 3.0.0."""

from __future__ import annotations

import functools
import json
import tarfile
from typing import Any

from tests.support.npm import fetched

_SHA256 = "01af8744dc33c0c7eb2e908f6a955319ee58b70ecadc9387d1aeb16c0cd28928"


@functools.cache
def official_schema() -> dict[str, Any]:
    """Return the schema.

    Raises:
        NoServerError: it is not here, and npm is missing or cannot fetch it.
    """
    with tarfile.open(fetched("@asyncapi/specs", "6.11.1", _SHA256)) as packed:
        member = packed.extractfile("package/schemas/3.0.0.json")
        assert member is not None
        schema: dict[str, Any] = json.load(member)
    return schema
