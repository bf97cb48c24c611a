"""`python -m shared.observability.health URL`: is a process well? For containers, which have no curl."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from http import HTTPStatus


def main(arguments: list[str]) -> int:
    """Ask one address; 0 when it answers 200."""
    address = arguments[0] if arguments else "http://127.0.0.1:9090/readyz"
    try:
        with urllib.request.urlopen(address, timeout=3) as answer:  # noqa: S310 (the container's own address)
            return 0 if answer.status == HTTPStatus.OK else 1
    except (urllib.error.URLError, OSError) as error:
        sys.stderr.write(f"{address}: {error}\n")
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
