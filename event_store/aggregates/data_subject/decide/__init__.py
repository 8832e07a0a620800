"""The rules of a data subject, a file per topic."""

from __future__ import annotations

from event_store.aggregates.data_subject.decide.erasing import ERASING
from event_store.aggregates.data_subject.decide.holding import HOLDING
from event_store.aggregates.data_subject.decide.redacting import REDACTING
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {**HOLDING, **ERASING, **REDACTING}
