"""Patient ids become patient keys before anything is written."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import msgspec
import pyarrow as pa

from event_store.retention.leaving import PATIENT_PREFIX

# Some 100 MB: the patients and actors of a large chain that come again within weeks.
_REMEMBERED = 300_000


class _Actor(msgspec.Struct):
    type: str
    id: str


class Pseudonyms:
    """The keys of one tenant's patients. Columns are mapped by their distinct values."""

    def __init__(self, patient_key: Callable[[str], str]) -> None:
        self._key = lru_cache(_REMEMBERED)(patient_key)
        self._actor = lru_cache(_REMEMBERED)(msgspec.json.Decoder(_Actor).decode)

    def patients(self, ids: pa.Array) -> pa.Array:
        """Keys for patient ids."""
        return _mapped(ids, self._key)

    def patients_among(self, ids: pa.Array) -> pa.Array:
        """Keys where an id is a patient's by its prefix; every other id as it is."""
        return _mapped(ids, lambda id: self._key(id) if id.startswith(PATIENT_PREFIX) else id)

    def patient_streams(self, stream_ids: pa.Array) -> pa.Array:
        """`patient-<key>` for `patient-<id>`."""

        def landed(stream_id: str) -> str:
            kind, _, id = stream_id.partition("-")
            return f"{kind}-{self._key(id)}"

        return _mapped(stream_ids, landed)

    def actors(self, texts: pa.Array) -> tuple[pa.Array, pa.Array, pa.Array]:
        """(type, id as it lands, id as it stands) of actors given as JSON text."""
        encoded = texts.dictionary_encode()
        actors = [self._actor(text) for text in encoded.dictionary.to_pylist()]
        standing = [actor.id for actor in actors]
        landing = [
            self._key(actor.id) if actor.type == "patient" or actor.id.startswith(PATIENT_PREFIX) else actor.id
            for actor in actors
        ]
        types = [actor.type for actor in actors]
        part, landed, stood = (_spread(values, encoded.indices) for values in (types, landing, standing))
        return part, landed, stood


def _mapped(column: pa.Array, of: Callable[[str], str]) -> pa.Array:
    if column.null_count == len(column):
        return column
    encoded = column.dictionary_encode()
    return _spread([of(value) for value in encoded.dictionary.to_pylist()], encoded.indices)


def _spread(values: list[str], indices: pa.Array) -> pa.Array:
    return pa.array(values, pa.string()).take(indices)
