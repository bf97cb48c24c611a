"""Trying out and checking applications, in words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from services.api.desk import Visit
from services.api.handlers import applications
from services.api.openapi.operation import APPLICATIONS, Operation
from services.api.schemas.applications import CheckWanted, PlayWanted

TRIED_OUT: Mapping[Callable[[Visit], Awaitable[web.StreamResponse]], Operation] = {
    applications.play: Operation(
        "playApplication",
        APPLICATIONS,
        "Runs an application on a callee who does what `digits` say, in a moment, and answers all that happens, each "
        "with its second of the call. `waits`: it has come to a question to which `digits` have no answer.",
        "Rehearsal",
        {
            "happenings": [
                {"at": 0.0, "kind": "fetched", "url": "https://example.com/start.vxml", "bytes": 1204},
                {"at": 0.0, "kind": "said", "text": "Press 1 to confirm.", "lang": "en-US"},
                {"at": 2.0, "kind": "key", "text": "1", "cut": False},
                {"at": 2.0, "kind": "ended", "how": "exit", "value": "confirmed", "event": None, "message": ""},
            ],
            "waits": False,
            "cut": False,
        },
        takes=(PlayWanted,),
    ),
    applications.check: Operation(
        "checkApplication",
        APPLICATIONS,
        "Answers what is wrong with a document, by line: what refuses it, and what is thrown when it is reached.",
        "Faults",
        {
            "faults": [
                {
                    "line": 12,
                    "event": "error.badfetch",
                    "refuses": True,
                    "detail": "<goto> needs exactly one of next, expr, nextitem, expritem; it has none of them "
                    "(VoiceXML 2.0, 5.3.7).",
                }
            ],
            "runs": False,
        },
        takes=(CheckWanted,),
    ),
}
