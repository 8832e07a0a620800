"""What of a person must still be kept, and until when, from the events about them and the tenant's settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from mymedic.bodies import Retained
from mymedic.clock import business_date
from mymedic.deciding import Context
from mymedic.retention import RetentionClass, of_age_by, retain_until

# The classes that cover who somebody is; the money's class keeps the clear part of its events, which names nobody.
IDENTITY: tuple[RetentionClass, ...] = ("medico_legal", "hospital", "insurance", "operational")
_ENCOUNTERS = frozenset({"EncounterStarted", "EncounterFinished"})
# What a stream's period counts from when it has come to its end; and what opens it again.
_ENDS: dict[str, str] = {"hospital": "PatientDischarged", "insurance": "ClaimClosed"}
_REOPENS = "DischargeCancelled"


def blocking(context: Context, patient_ids: Sequence[str]) -> dict[RetentionClass, date]:
    """The classes that are not over today, each with the first day on which it will be."""
    retained = context.bodies.retained(patient_ids)
    settings = context.state("tenant", context.tenant_id).settings.retention
    today = context.today()
    until = {}
    for name in IDENTITY:
        of_class = [one for one in retained if name in one.classes]
        if not of_class:
            continue
        anchor = business_date(_anchor(name, of_class), context.tz)
        if name == "medico_legal":
            anchor = max([anchor, *(of_age_by(context.state("patient", id).birth_year) for id in patient_ids)])
        last_day = retain_until(name, anchor, getattr(settings, name))
        if last_day > today:
            until[name] = last_day
    return until


def _anchor(name: RetentionClass, of_class: Sequence[Retained]) -> datetime:
    """Care counts from the last encounter, a stay from its discharge, a claim from its close, all else from the event.

    What has not come to its end yet counts from the last that happened to it.
    """
    if name == "medico_legal":
        encounters = [one for one in of_class if one.event_type in _ENCOUNTERS]
        return _last(encounters or of_class)
    if name not in _ENDS:
        return _last(of_class)
    streams: dict[str, list[Retained]] = {}
    for one in of_class:
        streams.setdefault(one.stream_id, []).append(one)
    return max(_end(events, _ENDS[name]) for events in streams.values())


def _end(events: Sequence[Retained], ending: str) -> datetime:
    ended = [one.last_at for one in events if one.event_type == ending]
    reopened = [one.last_at for one in events if one.event_type == _REOPENS]
    if ended and (not reopened or max(reopened) < max(ended)):
        return max(ended)
    return _last(events)


def _last(events: Iterable[Retained]) -> datetime:
    return max(one.last_at for one in events)
