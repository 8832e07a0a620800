"""What folds read of the rows that they do not remember: one look at the database for a whole batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from projections.database import ReadDatabase, Reader
from projections.row import Row
from projections.view import Key


class Look:
    """One look at the database for all that a batch has to read, taken when the first row is wanted."""

    def __init__(self, database: ReadDatabase, tenant_id: str) -> None:
        self._database = database
        self._tenant_id = tenant_id
        self._opened: ExitStack | None = None
        self._reader: Reader | None = None

    @contextmanager
    def during(self) -> Iterator[None]:
        with ExitStack() as self._opened:
            yield
        self._reader = None

    def reader(self) -> Reader:
        if self._reader is None:
            assert self._opened is not None, "rows are read while a batch is folded"
            self._reader = self._opened.enter_context(self._database.read(self._tenant_id))
        return self._reader


class Stored:
    """`projections.view.Stored`: the rows of one generation."""

    def __init__(self, look: Look, generation: int) -> None:
        self._look = look
        self._generation = generation

    def get(self, row_class: type[Row], key: Key) -> Row | None:
        return self._look.reader().get(row_class, self._generation, key)

    def where(self, row_class: type[Row], column: str, value: Any) -> Iterable[Row]:
        return self._look.reader().equal(row_class, self._generation, column, value)

    def among(self, row_class: type[Row], column: str, ids: Sequence[str]) -> Iterable[Row]:
        return self._look.reader().having(row_class, self._generation, column, ids)
