"""The rules of a policy."""

from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {}
