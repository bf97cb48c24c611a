"""`paceline completion`: what the Tab key knows in a shell."""

from __future__ import annotations

from typing import Literal

from cyclopts import App

from paceline.commands.terminal import On

Shell = Literal["bash", "zsh", "fish"]


def add(app: App) -> None:
    """Add the commands that need to know all others."""
    group = App(name="completion", help="Teach your shell what may follow: bash, zsh or fish.", help_epilogue="")

    @group.command
    def install(*, shell: Shell | None = None, on: On) -> None:
        """Install it for your shell, and have its start-up file read it."""
        path = app.install_completion(shell=shell, add_to_startup=True)
        on.data({"file": str(path)})
        on.say(f"Written: {path}. It counts in the next shell you open.")

    @group.command
    def show(*, shell: Shell | None = None, on: On) -> None:
        """Print it."""
        on.out.out(app.generate_completion(shell=shell), end="")

    app.command(group)
