"""How much may be on its way at once while each stream stays in its order."""

from __future__ import annotations

from collections.abc import Sequence

from event_store.recorded import Recorded


def waves(events: Sequence[Recorded]) -> list[list[Recorded]]:
    """No two of a stream in one wave: the next of a stream goes when the one before is stored, the others together."""
    depth: dict[str, int] = {}
    found: list[list[Recorded]] = []
    for event in events:
        at = depth[event.stream_id] = depth.get(event.stream_id, -1) + 1
        if at == len(found):
            found.append([])
        found[at].append(event)
    return found
