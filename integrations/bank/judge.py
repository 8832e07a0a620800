"""Judging a bank's file on its own, in whatever currency it is, without a tenant and without recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from integrations.bank.told import ToldStatement
from integrations.bank.translate import format_of, told_statements
from integrations.ingest import error_body, incoming, name_of
from mymedic.errors import Refused
from mymedic.messages import ErrorBody


@dataclass(frozen=True, slots=True)
class Judged:
    """A file's statements, each with its verdict; `error` is why none could be found."""

    file_name: str
    format: str
    statements: tuple[ToldStatement, ...] = ()
    error: ErrorBody | None = None

    @property
    def is_sound(self) -> bool:
        """Everything in it was read, and nothing that states its balances fails to foot."""
        return self.error is None and all(one.verdict in ("foots", "no_balances") for one in self.statements)


def judge_file(path_or_bytes: Path | str | bytes, file_name: str | None = None, format: str | None = None) -> Judged:
    """The verdicts on one file; without a format the file's first bytes say which it is. Nothing is raised."""
    try:
        file = incoming(path_or_bytes, file_name)
        format = format or format_of(file.data)
        return Judged(file.name, format, tuple(told_statements(file.data, format, file.name)))
    except Refused as refusal:
        return Judged(name_of(path_or_bytes, file_name), format or "unknown", error=error_body(refusal))
