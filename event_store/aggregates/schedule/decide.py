"""The rules of a schedule."""

from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {}
