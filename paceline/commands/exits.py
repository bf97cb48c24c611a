"""How commands end: a code for scripts, and a sentence for people."""

from __future__ import annotations

from paceline.errors import Forbidden, NotReached, NotUnderstood, PacelineError, Unauthorized

DONE = 0
REFUSED = 1
MISUSED = 2
NO_TOKEN = 3
NOT_REACHED = 4
WOULD_CHANGE = 5
INTERRUPTED = 130

MEANINGS = {
    DONE: "done",
    REFUSED: "refused: by the house, or by your answer to a question; or an application has faults or ends in an error",
    MISUSED: "the command line or a file of yours is wrong; nothing was asked of the house",
    NO_TOKEN: "not logged in, or the token is not valid or lacks a scope",
    NOT_REACHED: "the house was not reached, or did not answer as one does",
    WOULD_CHANGE: "`apply --dry-run` found something to change",
    INTERRUPTED: "interrupted",
}


class Stop(Exception):
    """A command cannot go on; the text is the sentence for its person."""

    def __init__(self, sentence: str, code: int = REFUSED) -> None:
        super().__init__(sentence)
        self.code = code


def to_stop(error: PacelineError, *, token_of: str | None = None) -> Stop:
    """Return how a command ends that met an error of the library; `token_of` names the variable the token is from."""
    if isinstance(error, Unauthorized):
        cure = f"{token_of} is set, above the one that login keeps." if token_of else "Log in anew: paceline login"
        return Stop(f"{error.detail} {cure}", NO_TOKEN)
    if isinstance(error, Forbidden):
        return Stop(str(error), NO_TOKEN)
    if isinstance(error, NotReached | NotUnderstood):
        return Stop(str(error), NOT_REACHED)
    return Stop(str(error), REFUSED)
