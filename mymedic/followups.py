"""Which follow-ups an encounter completes (R-FU-1): asked by whoever decides it and by whoever reacts to a visit."""

from __future__ import annotations

from datetime import timezone
from typing import Any

from mymedic.clock import business_date
from mymedic.deciding import Streams
from mymedic.patients import related_to


def completed_by(streams: Streams, encounter: Any, tz: timezone) -> list[Any]:
    """States of the open follow-ups that a finished encounter completes, at most one of each originating specialty.

    Of several it is the one that is due first, on the same day the one with the lower id.
    """
    theirs = related_to(streams, "followup", encounter.patient_id)
    first = {one.specialty_id: None for one in theirs if one.completed_by == encounter.encounter_id}
    for one in sorted(theirs, key=lambda followup: (followup.due_on, followup.followup_id)):
        if one.specialty_id not in first and _is_met(one, encounter, streams, tz):
            first[one.specialty_id] = one
    return [one for one in first.values() if one is not None]


def _is_met(followup: Any, encounter: Any, streams: Streams, tz: timezone) -> bool:
    if not followup.is_open or not followup.is_met_by(encounter.practitioner_id, encounter.specialty_id):
        return False
    origin = streams.state("encounter", followup.encounter_id)
    is_later = origin.encounter_id != encounter.encounter_id and origin.started_at < encounter.started_at
    # lapsed is lapsed, also before anybody has said so
    return is_later and business_date(encounter.started_at, tz) <= followup.lapse_on
