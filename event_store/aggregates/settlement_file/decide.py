"""The rules of a settlement file."""

from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {}
