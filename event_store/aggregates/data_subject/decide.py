"""The rules of a data subject."""

from __future__ import annotations

from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {}
