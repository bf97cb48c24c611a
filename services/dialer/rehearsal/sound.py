"""A rehearsal that is heard: its voice, its prompts and its file, for as long as it lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from services.dialer.rehearsal.conversation_file import MAX_SECONDS, ConversationFile
from services.dialer.rehearsal.happenings import Tell
from services.dialer.rehearsal.rehearse import NoSound
from services.dialer.rehearsal.sounding_line import SoundingLine
from services.dialer.settings import DialerSettings
from services.dialer.speech.espeak import Espeak, NoEngine
from services.dialer.speech.play_lists import Studio
from services.dialer.speech.prompt_files import FolderUnusable, PromptFiles
from services.dialer.speech.prompts import Prompts
from services.dialer.speech.samples import count_of
from services.dialer.vxml.ports import Fetcher, Platform
from shared.clock import Clock


@asynccontextmanager
async def sounding(
    line: Platform, path: Path, fetcher: Fetcher, *, now: Callable[[], float], tell: Tell
) -> AsyncIterator[SoundingLine]:
    """Let what is done on a line be heard in a file; raises NoSound."""

    def unheard(what: str, reason: str) -> None:
        tell("unheard", {"what": what, "reason": reason})

    try:
        studio = Studio(Prompts(await Espeak.find(), _files(DialerSettings())), fetcher, unheard)
        file = ConversationFile(path)
    except NoEngine as missing:
        raise NoSound(str(missing)) from None
    except FolderUnusable as unusable:
        raise NoSound(f"PROMPT_CACHE_DIR {unusable}.") from None
    except OSError as error:
        raise NoSound(f"{path}: {error.strerror}") from None
    with file:
        yield SoundingLine(line, studio, file, now)
        file.cut(count_of(now()))
    if file.is_full:
        unheard(path.name, f"it ends after {MAX_SECONDS // 3600} hours")


def _files(settings: DialerSettings) -> PromptFiles | None:
    if not settings.prompt_cache_dir:
        return None
    return PromptFiles(
        Path(settings.prompt_cache_dir),
        max_bytes=settings.prompt_cache_mb << 20,
        max_age=timedelta(days=settings.prompt_cache_days),
        clock=Clock(),
    )
