"""S6, S7: a finished encounter completes what it was asked for; a follow-up that nobody came for is told so."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from event_store.aggregates.encounter.events import EncounterFinished
from event_store.aggregates.followup.commands import CompleteFollowUp, EvaluateFollowUps
from event_store.recorded import Recorded
from mymedic.clock import business_date
from mymedic.followups import completed_by
from processes.world import World

EVALUATE = "evaluate_followups"


def on_encounter_finished(event: Recorded, _: EncounterFinished, world: World) -> None:
    encounter = world.state("encounter", event.stream_id.removeprefix("encounter-"))
    for followup in completed_by(world, encounter, world.tz):
        command = CompleteFollowUp(followup_id=followup.followup_id, encounter_id=encounter.encounter_id)
        world.send(command, followup.followup_id)


def on_changed(event: Recorded, _: object, world: World) -> None:
    """Look at it again when its day is over: one timer for all whose day it is.

    A day that is over already is looked at tomorrow, for the evaluation of each morning comes once.
    """
    day = world.state("followup", event.stream_id.removeprefix("followup-")).looked_at_after
    if day is not None:
        morning = max(day, business_date(world.now, world.tz)) + timedelta(days=1)
        world.remind(datetime.combine(morning, time(), tzinfo=world.tz), EVALUATE, morning.isoformat())


def evaluation_of(morning: str) -> EvaluateFollowUps:
    """What a timer asks for that was set for a morning."""
    return EvaluateFollowUps(as_of=date.fromisoformat(morning))
