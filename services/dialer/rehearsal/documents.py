"""Where a rehearsal's documents are: files of one folder, and addresses over another fetcher; it tells what it got."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from services.dialer.rehearsal.happenings import Tell
from services.dialer.vxml.ports import Fetcher, FetchFailed, FetchRequest, FetchResponse

SENT_TYPE = "application/voicexml+xml; charset=utf-8"  # it came as text, whatever encoding it says to have
_MAX_BYTES = 1 << 20


def path_of(url: str) -> Path | None:
    """Return the file that an address names; None when it names none of this machine."""
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" and not parts.netloc else None


class FolderFetcher:
    """Reads `file:` addresses in one folder, and gives all others to the fetcher of addresses."""

    def __init__(self, folder: Path | None, addresses: Fetcher) -> None:
        self._folder = folder.resolve() if folder else None
        self._addresses = addresses

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Return what is there; fields are of no matter to a file."""
        if urlsplit(request.url).scheme != "file":
            return await self._addresses.fetch(request)
        return FetchResponse(request.url, 200, "", self._read(request.url))

    def _read(self, url: str) -> bytes:
        outside = FetchFailed("", "a rehearsal reads no file outside of the folder of its first document")
        path = path_of(url)
        if path is None or self._folder is None:
            raise outside
        try:
            path = path.resolve()  # a link out of the folder leads out of it
            if not path.is_relative_to(self._folder):
                raise outside
            with path.open("rb") as file:
                body = file.read(_MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) and error.strerror else "it is no file"
            raise FetchFailed("http.404", reason) from None
        if len(body) > _MAX_BYTES:
            raise FetchFailed("", "the file is too long")
        return body


class SentFetcher:
    """Has one document, which was sent, and gives all other addresses to another fetcher."""

    def __init__(self, url: str, document: bytes, others: Fetcher) -> None:
        self._url = url
        self._document = document
        self._others = others

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Return what is there; fields are of no matter to what was sent."""
        if request.url == self._url:
            return FetchResponse(request.url, 200, SENT_TYPE, self._document)
        return await self._others.fetch(request)


class ToldFetcher:
    """Tells what another fetcher got."""

    def __init__(self, fetcher: Fetcher, tell: Tell) -> None:
        self._fetcher = fetcher
        self._tell = tell

    async def fetch(self, request: FetchRequest) -> FetchResponse:
        """Fetch, and tell."""
        try:
            response = await self._fetcher.fetch(request)
        except FetchFailed as failed:
            self._tell("not_fetched", {"url": request.url, "reason": str(failed)})
            raise
        self._tell("fetched", {"url": response.url, "bytes": len(response.body)})
        return response
