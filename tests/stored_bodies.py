"""Stored bodies for decisions in memory: what was asked to be done with them is noted, and nothing is done."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from event_store.catalogue import AGGREGATES
from mymedic.bodies import Replaced, Retained, Stored
from mymedic.errors import Refused

if TYPE_CHECKING:
    from tests.scenario import Scenario

BEFORE, AFTER, CHAIN = "a" * 64, "b" * 64, "c" * 64


class ScenarioBodies:
    """`mymedic.bodies.Bodies` over a scenario. The event at place n of its log has the id `evt_n`."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self.asked: list[tuple[str, object]] = scenario.asked_of_bodies

    def find(self, event_id: str) -> Stored | None:
        place = int(event_id.removeprefix("evt_"))
        if place >= len(self._scenario.log):
            return None
        aggregate, id, event = self._scenario.log[place]
        return Stored(event_id, type(event).__name__, f"{AGGREGATES[aggregate].stream}-{id}", self._patient_of(place))

    def retained(self, patient_ids: Collection[str]) -> Sequence[Retained]:
        found = []
        for place, (aggregate, id, event) in enumerate(self._scenario.log):
            if self._patient_of(place) in patient_ids and aggregate != "data_subject":
                stream_id = f"{AGGREGATES[aggregate].stream}-{id}"
                at = self._scenario.kept_at[place]
                found.append(Retained(stream_id, type(event).__name__, event.retention, at))
        return found

    def sealed(self, patient_ids: Collection[str]) -> int:
        return 7

    def redact(self, event_id: str, json_path: str) -> Replaced:
        if not json_path.startswith("$.pii."):
            raise Refused("VALIDATION_FAILED", "neither sealed nor free text")
        self.asked.append(("redact", (event_id, json_path)))
        return Replaced(event_id=event_id, old_digest=BEFORE, new_digest=AFTER)

    def strip(self, patient_ids: Collection[str], names: Collection[str]) -> Sequence[Replaced]:
        self.asked.append(("strip", (list(patient_ids), sorted(names))))
        return [Replaced(event_id="evt_1", old_digest=BEFORE, new_digest=AFTER)]

    def unseal_elsewhere(self, patient_ids: Collection[str]) -> Sequence[Replaced]:
        self.asked.append(("unseal_elsewhere", list(patient_ids)))
        return [Replaced(event_id="evt_2", old_digest=BEFORE, new_digest=AFTER)]

    def destroy_keys(self, patient_ids: Collection[str]) -> Sequence[str]:
        self.asked.append(("destroy_keys", list(patient_ids)))
        return [f"key_{patient_id}" for patient_id in patient_ids]

    def chain_hash(self) -> str:
        return CHAIN

    def _patient_of(self, place: int) -> str | None:
        aggregate, id, event = self._scenario.log[place]
        found = getattr(event, "patient_id", None) or getattr(self._scenario.state(aggregate, id), "patient_id", None)
        return found or None
