"""The client of a Paceline house: an asynchronous library with types, and a command line on top of it."""

from __future__ import annotations

from paceline import errors, models, webhooks
from paceline.client import Client
from paceline.errors import NotReached, PacelineError, Refused
from paceline.models import Window
from paceline.retries import Patience

__all__ = ["Client", "NotReached", "PacelineError", "Patience", "Refused", "Window", "errors", "models", "webhooks"]
