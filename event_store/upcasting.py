"""Old event shapes to today's, one version at a time, applied on every read and never on disk (DOMAIN §3.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mymedic.errors import Refused

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

# (event type, from version) -> the function that gives the next version's payload
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


def upcast(event_type: str, version: int, to_version: int, payload: dict[str, Any]) -> dict[str, Any]:
    """The payload as `to_version` would have written it."""
    for step in range(version, to_version):
        upcaster = UPCASTERS.get((event_type, step))
        if upcaster is None:
            raise Refused(
                "SCHEMA_VERSION_UNKNOWN",
                f"no way from version {step} of {event_type} to {step + 1}",
                event_type=event_type,
                version=step,
            )
        payload = upcaster(payload)
    return payload
