"""One tenant's streams and guards as they are at this moment, for those who look and decide nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol


class _Source(Protocol):
    """A handler, or the open batch of one."""

    def state(self, tenant_id: str, aggregate: str, id: str) -> Any: ...

    def related(self, tenant_id: str, aggregate: str, kind: str, value: str) -> list[Any]: ...

    def holder(self, tenant_id: str, kind: str, value: str) -> str | None: ...

    def guards(self, tenant_id: str, kind: str, prefix: str) -> list[str]: ...


class Present:
    """`mymedic.deciding.Streams` of a tenant. The states are for reading."""

    def __init__(self, source: _Source, tenant_id: str) -> None:
        self._source = source
        self.tenant_id = tenant_id

    def state(self, aggregate: str, id: str) -> Any:
        return self._source.state(self.tenant_id, aggregate, id)

    def related(self, aggregate: str, kind: str, value: str) -> Sequence[Any]:
        """States of that aggregate's streams with an event tagged `kind = value`."""
        return self._source.related(self.tenant_id, aggregate, kind, value)

    def holder(self, kind: str, value: str) -> str | None:
        return self._source.holder(self.tenant_id, kind, value)

    def guards(self, kind: str, prefix: str) -> Sequence[str]:
        """Values of the guards of a kind that begin with a prefix, ascending."""
        return self._source.guards(self.tenant_id, kind, prefix)
