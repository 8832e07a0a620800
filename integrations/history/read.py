"""The rows of a foreign file: a CSV, or a zip or gz that holds exactly one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from integrations.history.mapping import FileMapping
from integrations.unpack import DAMAGE, inside_of
from mymedic.errors import Refused

# What unpacks to more than this is no history of a clinic.
UNPACKED_LIMIT = 2 * 1024**3
WIDTH = "\0cells"


class _Reader(Protocol):
    """What `csv.reader` makes."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


@contextmanager
def opened(path: Path, mapping: FileMapping) -> Iterator[Iterator[tuple[int, dict[str, str]]]]:
    """(row number, column -> text); the header is row 1. A column that the mapping needs and the file lacks is
    refused.
    """
    if not path.is_file():
        raise Refused("FILE_BAD_HEADER", f"there is no file {path}", file=str(path))
    with (
        path.open("rb") as file,
        inside_of(file, path.name, UNPACKED_LIMIT) as inside,
        io.TextIOWrapper(inside, encoding=mapping.encoding, newline="") as text,
    ):
        yield _rows(path, text, mapping)


def _rows(path: Path, text: IO[str], mapping: FileMapping) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text, delimiter=mapping.delimiter, strict=True)
    with _readable(path, reader):
        header = next(reader, [])
    twice = [column for column in mapping.required_columns if header.count(column) > 1]
    if twice:
        raise Refused(
            "FILE_BAD_HEADER",
            f"{path.name} has more than one column {twice[0]!r}, and nobody can say which is meant; rename one",
            file=path.name,
            row=1,
            column=twice[0],
        )
    missing = [column for column in mapping.required_columns if column not in header]
    if missing:
        found = ", ".join(name[:40] for name in header[:60]) or "no header at all"
        raise Refused(
            "MAPPING_INVALID",
            f"{path.name} has no column {missing[0]!r}; it has {found}",
            file=path.name,
            column=missing[0],
        )
    return _cells(path, reader, header)


def _cells(path: Path, reader: _Reader, header: list[str]) -> Iterator[tuple[int, dict[str, str]]]:
    with _readable(path, reader):
        for row in reader:
            if not row:
                continue
            # Too many cells are passed over, too few leave a column out: the translation refuses both with their row.
            cells = dict(zip(header, row, strict=False))
            if len(row) != len(header):
                cells[WIDTH] = f"{len(row)} of {len(header)}"
            yield reader.line_num, cells


@contextmanager
def _readable(path: Path, reader: _Reader) -> Iterator[None]:
    try:
        yield
    except (csv.Error, UnicodeError, *DAMAGE) as error:
        raise Refused(
            "FILE_BAD_ROW",
            f"the file cannot be read after row {reader.line_num} ({str(error)[:200]}); what stands before it"
            " was taken, so repair the file or its `encoding` and import it again",
            file=path.name,
            row=reader.line_num + 1 + _rows_ahead(error),
            hint="unreadable",
        ) from error


def _rows_ahead(error: Exception) -> int:
    """A text is decoded piece by piece, ahead of its rows: how many of a piece end before what is bad in it."""
    return error.object.count(b"\n", 0, error.start) if isinstance(error, UnicodeDecodeError) else 0
