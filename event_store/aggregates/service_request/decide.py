"""The rules of an advised service."""

from __future__ import annotations

from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {}
