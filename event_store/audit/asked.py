"""What an auditor asks about: one subject, how much of it, and as it was known when."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal, get_args

from msgspec import Struct

from event_store.catalogue import EVENTS
from mymedic.errors import Refused

SubjectKind = Literal["patient", "appointment", "payment", "admission", "claim", "invoice", "stream", "correlation"]
SUBJECTS: tuple[SubjectKind, ...] = get_args(SubjectKind)
# Events a page at most; and those of one subject whose money is added up, which a page could not.
PAGE_LIMIT, PAGE_USUAL, WHOLE_LIMIT = 500, 100, 20_000
_PAGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


class Subject(Struct, frozen=True):
    """A patient stands for every record of the same human being; a correlation for one business flow."""

    kind: SubjectKind
    id: str


class Asked(Struct, frozen=True, kw_only=True):
    """`as_of`: known by then (recorded); `from_at`, `to_at`: happened from then on and before (occurred)."""

    subject: Subject
    as_of: datetime | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None
    types: tuple[str, ...] = ()
    page: str | None = None
    limit: int = PAGE_USUAL

    def __post_init__(self) -> None:
        unknown = [name for name in self.types if name not in EVENTS]
        if unknown:
            raise Refused("VALIDATION_FAILED", f"there is no event {unknown[0]}", field="types", value=unknown[0])

    @property
    def place(self) -> tuple[int | None, int]:
        """(up to which seq the first page looked, after which seq this one begins)."""
        if self.page is None:
            return None, 0
        found = _PAGE.fullmatch(self.page)
        if found is None:
            raise Refused("VALIDATION_FAILED", "a page is what `next` of the answer before it says", field="page")
        return int(found[1]), int(found[2])


def page_after(until_seq: int, seq: int) -> str:
    """What `place` reads: later pages look at the log that the first one saw."""
    return f"{until_seq}-{seq}"
