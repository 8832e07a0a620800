"""The rows of a foreign file: a CSV, or a zip that holds exactly one."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from integrations.history.mapping import Mapping
from mymedic.errors import Refused

# A zip that unpacks to more than this is no appointment history.
UNPACKED_LIMIT = 2 * 1024**3


@contextmanager
def opened(path: Path, mapping: Mapping) -> Iterator[Iterator[tuple[int, dict[str, str]]]]:
    """(row number, column -> text); the header is row 1. A column that the mapping needs and the file lacks is
    refused.
    """
    with _text(path, mapping.encoding) as text:
        yield _rows(path, text, mapping)


def _rows(path: Path, text: IO[str], mapping: Mapping) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(text, delimiter=mapping.delimiter)
    header = next(reader, [])
    missing = [column for column in mapping.required_columns if column not in header]
    if missing:
        raise Refused(
            "MAPPING_INVALID",
            f"{path.name} has no column {missing[0]!r}; it has {', '.join(header) or 'no header at all'}",
            file=path.name,
            column=missing[0],
        )
    for row in reader:
        if not row:
            continue
        # Too many cells go under None, too few leave a column out: the translation refuses both with their row.
        cells = dict(zip(header, row, strict=False))
        if len(row) != len(header):
            cells["\0cells"] = f"{len(row)} of {len(header)}"
        yield reader.line_num, cells


@contextmanager
def _text(path: Path, encoding: str) -> Iterator[IO[str]]:
    if not path.exists():
        raise Refused("FILE_BAD_HEADER", f"there is no file {path}", file=str(path))
    if not zipfile.is_zipfile(path):
        with path.open(encoding=encoding, newline="") as text:
            yield text
        return
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise Refused("FILE_BAD_HEADER", f"{path.name} holds {len(members)} files, not one", file=path.name)
        if members[0].file_size > UNPACKED_LIMIT:
            raise Refused("FILE_BAD_HEADER", f"{path.name} unpacks to more than 2 GiB", file=path.name)
        with archive.open(members[0]) as packed, io.TextIOWrapper(packed, encoding=encoding, newline="") as text:
            yield text
