"""An event as others are told of it: a CloudEvent 1.0 in structured JSON, without anything of a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import msgspec

from event_store.catalogue import aggregate_of_stream
from event_store.recorded import Recorded
from event_store.retention.leaving import leaving, leaving_stream

CONTENT_TYPE = "application/cloudevents+json"
_REMEMBERED = 100_000


def aggregate_name(event: Recorded) -> str:
    return aggregate_of_stream(event.stream_id)[0].name


class Envelopes:
    """Makes them. `patient_key(tenant, patient id)`: the pseudonym, the same as in the warehouse."""

    def __init__(self, patient_key: Callable[[str, str], str]) -> None:
        self._patient_key = lru_cache(_REMEMBERED)(patient_key)

    def encoded(self, event: Recorded) -> bytes:
        """The same bytes whenever the event is told again. `sequence` is its seq in twenty digits."""
        return msgspec.json.encode(self._fields(event), order="sorted")

    def _fields(self, event: Recorded) -> dict[str, Any]:
        def key(patient_id: str) -> str:
            return self._patient_key(event.tenant_id, patient_id)

        stream_id = leaving_stream(event.stream_id, key)
        fields = {
            "specversion": "1.0",
            "id": event.event_id,
            "source": f"/mymedic/{event.tenant_id}",
            "type": f"mymedic.{aggregate_name(event)}.{event.event_type}",
            "subject": stream_id,
            "time": event.occurred_at,
            "datacontenttype": "application/json",
            # Of what is told, which is today's shape even of an event that was written in an older one.
            "dataschema": f"urn:mymedic:event:{event.event_type}:{type(event.event).version}",
            "data": leaving(msgspec.to_builtins(event.event), key),
            # Extensions; their names are lower case by the specification.
            "partitionkey": stream_id,
            "sequence": f"{event.seq:020d}",
            "recordedtime": event.recorded_at,
            "tenantid": event.tenant_id,
            "streamversion": event.stream_version,
            "branchid": event.branch_id,
            "patientkey": key(event.patient_id) if event.patient_id else None,
            "correlationid": event.correlation_id,
            "causationid": event.causation_id,
        }
        return {name: leaving(value, key) for name, value in fields.items() if value is not None}
