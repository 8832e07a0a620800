"""Delimited files read strictly: an exact header, whole rows, and every refusal with its row, column and remedy."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, NamedTuple, NoReturn, TypeVar

from event_store.storable import YEARS, is_storable
from mymedic.clock import EPOCH, INDIA
from mymedic.counts import counted
from mymedic.errors import Refused
from mymedic.money import paise_from_rupees

MAX_FILE_BYTES = 64 * 1024 * 1024
MAX_PAISE = 10**14
MAX_PROBLEMS = 20  # more than this in one file is one cause, not twenty
_ID = re.compile(r"[A-Za-z0-9_.:-]{3,64}")
_SUB_PAISE = re.compile(r"[+-]?\d+\.\d{3,}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MONTH_FIRST = re.compile(r"(0?[1-9]|1[0-2])/(1[3-9]|2[0-9]|3[01])/[0-9]{4}\b")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_WHOLE = re.compile(r"[0-9]{1,15}")
_LAST_SECOND = int((datetime(2100, 1, 1, tzinfo=UTC) - EPOCH).total_seconds())
_Choice = TypeVar("_Choice", bound=str)
_Line = TypeVar("_Line")
_Day = TypeVar("_Day", bound=date)


def is_text(value: str) -> bool:
    """Whether a text can be written down: half a character, as JSON can escape one, cannot."""
    return _UNSTORABLE.search(value) is None


class Cells(NamedTuple):
    """One row: its number as a spreadsheet shows it (the header is row 1) and its values by column."""

    file: str
    row: int
    values: dict[str, Any]
    raw_sha256: str

    def refuse(self, code: str, message: str, column: str | None = None, hint: str | None = None) -> NoReturn:
        raise Refused(code, message, file=self.file, row=self.row, column=column, hint=hint)

    def text(self, column: str, limit: int = 500) -> str | None:
        """The text of a cell, None when it is empty or missing."""
        value = self.values.get(column)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            self.refuse("FILE_BAD_ROW", f"{column} must be text", column, "text")
        if not is_text(value):
            self.refuse("FILE_BAD_ROW", f"{column} holds characters that are not text", column, "encoding")
        value = value.strip()
        if len(value) > limit:
            self.refuse("FILE_BAD_ROW", f"{column} is longer than {limit} characters", column, "too_long")
        return value or None

    def id(self, column: str) -> str | None:
        value = self.text(column)
        if value is not None and _ID.fullmatch(value) is None:
            self.refuse("FILE_BAD_ROW", f"{value[:80]!r} is not an id; 3 to 64 letters, digits, _ . : -", column, "id")
        return value

    def required_id(self, column: str) -> str:
        value = self.id(column)
        if value is None:
            self.refuse("FILE_BAD_ROW", f"{column} is empty; the row cannot be told apart without it", column, "empty")
        return value

    def one_of(self, column: str, allowed: Sequence[_Choice]) -> _Choice:
        value = self.text(column)
        for choice in allowed:
            if choice == value:
                return choice
        self.refuse("FILE_BAD_ROW", f"{column} must be one of {', '.join(allowed)}", column, "unknown_value")

    def rupees(self, column: str) -> int:
        """Paise of a decimal rupee text; an empty cell is 0, a negative one is refused."""
        paise = self.signed_rupees(column) if self.text(column) else 0
        if paise < 0:
            self.refuse(
                "FILE_BAD_AMOUNT", f"{column} may not be negative; the column says the direction", column, "sign"
            )
        return paise

    def signed_rupees(self, column: str) -> int:
        """Paise of a decimal rupee text, such as a balance, which may be negative but not absent."""
        text = self.text(column) or ""
        try:
            paise = paise_from_rupees(text)
        except Refused as refusal:
            hint = "sub_paise" if _SUB_PAISE.fullmatch(text) else "amount"
            self.refuse("FILE_BAD_AMOUNT", refusal.message, column, hint)
        return self._bounded(paise, column)

    def whole_paise(self, column: str) -> int:
        """Paise written as a whole number, as text or as a JSON integer; an empty cell is 0."""
        value = self.values.get(column)
        if value is None or value == "":
            return 0
        text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
        if _WHOLE.fullmatch(text) is None:
            self.refuse(
                "FILE_BAD_AMOUNT",
                f"{column} must be a whole number of paise from 0 to {MAX_PAISE}; this format has no decimals",
                column,
                "whole_paise",
            )
        return self._bounded(int(text), column)

    def must_be_inr(self, column: str) -> None:
        """Every row is in INR; another currency is refused, never converted."""
        currency = self.text(column)
        if currency != "INR":
            self.refuse(
                "CURRENCY_UNSUPPORTED",
                f"the currency is {currency}; only INR can be settled, ask the gateway for a file of INR alone",
                column,
                "currency",
            )

    def unix_seconds(self, column: str) -> datetime | None:
        value = self.values.get(column)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _LAST_SECOND:
            self.refuse("FILE_BAD_ROW", f"{column} must be whole unix seconds before 2100", column, "time")
        return EPOCH + timedelta(seconds=value)

    def local_time(self, column: str, form: str, tz: timezone = INDIA) -> datetime | None:
        """A `strptime` form in a zone, as UTC."""
        text = self.text(column)
        if text is None:
            return None
        try:
            at = datetime.strptime(text, form).replace(tzinfo=tz).astimezone(UTC)
        except (ValueError, OverflowError):
            self._refuse_month_first(text, column)
            self.refuse("FILE_BAD_ROW", f"{text[:80]!r} is not a time of the form DD/MM/YYYY HH:MM:SS", column, "time")
        return self._of_our_years(at, column)

    def rfc3339(self, column: str) -> datetime | None:
        text = self.text(column)
        if text is None:
            return None
        try:
            at = datetime.fromisoformat(text)
            if at.tzinfo is not None:
                return self._of_our_years(at.astimezone(UTC), column)
        except (ValueError, OverflowError):
            pass
        self.refuse("FILE_BAD_ROW", f"{text[:80]!r} is not an RFC 3339 time with its offset or Z", column, "time")

    def day(self, column: str) -> date:
        """YYYY-MM-DD or DD/MM/YYYY."""
        text = self.text(column) or ""
        try:
            on = datetime.strptime(text, "%d/%m/%Y" if "/" in text else "%Y-%m-%d").date()
        except ValueError:
            self._refuse_month_first(text, column)
            self.refuse("FILE_BAD_ROW", f"{text[:80]!r} is not a date; YYYY-MM-DD or DD/MM/YYYY", column, "date")
        return self._of_our_years(on, column)

    def flag(self, column: str) -> bool:
        value = self.values.get(column)
        if isinstance(value, bool):
            return value
        return self.one_of(column, ("true", "false")) == "true"

    def _of_our_years(self, on: _Day, column: str) -> _Day:
        if not is_storable(on):
            message = f"{self.text(column)!r} has a year that cannot be meant ({YEARS}); fetch the file again"
            self.refuse("FILE_BAD_ROW", message, column, "year")
        return on

    def _refuse_month_first(self, text: str, column: str) -> None:
        """A date that exists only with the month first says that the whole file was written that way."""
        if _MONTH_FIRST.match(text):
            self.refuse(
                "FILE_BAD_ROW",
                f"{text[:80]!r} has the month first; this format has the day first (DD/MM/YYYY), and where both are"
                " possible it is read so: have the whole file written with the day first",
                column,
                "month_first",
            )

    def _bounded(self, paise: int, column: str) -> int:
        if abs(paise) > MAX_PAISE:
            self.refuse("FILE_BAD_AMOUNT", f"{column} is beyond {MAX_PAISE} paise", column, "out_of_range")
        return paise


def cells_of(file: str, row: int, values: dict[str, Any]) -> Cells:
    """A row with the hash of its content."""
    return Cells(file, row, values, hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest())


def read_rows(data: bytes, header: Sequence[str], file: str) -> Iterator[Cells]:
    """Rows of a CSV whose first row is exactly `header`. A byte-order mark and any line ending are fine.

    Quoted line breaks belong to their cell. Blank rows are passed over, and still counted in the row numbers.
    """
    reader = csv.reader(io.StringIO(decoded(data, file), newline=""), strict=True)
    row = 0
    try:
        for row, cells in enumerate(reader, 1):
            if row == 1:
                _check_header(cells, header, file)
            elif cells:
                _check_width(cells, header, file, row)
                yield cells_of(file, row, dict(zip(header, cells, strict=True)))
    except csv.Error as error:
        raise Refused(
            "FILE_BAD_ROW",
            f"the file cannot be read as CSV after row {row} ({error}); it was cut off or edited, fetch it again",
            file=file,
            row=row + 1,
            hint="csv_syntax",
        ) from error
    if row == 0:
        raise Refused("FILE_BAD_HEADER", "the file is empty; fetch it again", file=file, row=1, hint="empty_file")


def collect(rows: Iterator[Cells], read: Callable[[Cells], _Line]) -> tuple[_Line, ...]:
    """Read every row; if any is bad, refuse the whole with the first problem and up to MAX_PROBLEMS in `problems`."""
    lines: list[_Line] = []
    problems: list[Refused] = []
    for cells in rows:
        try:
            lines.append(read(cells))
        except Refused as refusal:
            problems.append(refusal)
            if len(problems) == MAX_PROBLEMS:
                break
    if problems:
        refuse_file(problems)
    return tuple(lines)


def refuse_file(problems: Sequence[Refused]) -> NoReturn:
    """The first problem names the code; the others travel with it."""
    first = problems[0]
    others = [{"code": other.code, "message": other.message, **other.details} for other in problems[1:]]
    raise Refused(first.code, first.message, **first.details, **({"problems": others} if others else {}))


def decoded(data: bytes, file: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 that begins with its byte-order mark."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        return without_nul(data.decode(encoding), file)
    except UnicodeDecodeError as error:
        raise Refused(
            "FILE_BAD_ROW",
            f"byte {error.start} is not {'UTF-16' if encoding == 'utf-16' else 'UTF-8'}; save the file as CSV in UTF-8",
            file=file,
            row=data.count(b"\n", 0, error.start) + 1,
            hint="encoding",
        ) from error


def without_nul(text: str, file: str) -> str:
    """The text; one that holds NUL characters was damaged on its way."""
    at = text.find("\x00")
    if at >= 0:
        message = "the file holds NUL bytes, which no text has; it was damaged or is not text, fetch it again"
        raise Refused("FILE_BAD_ROW", message, file=file, row=text.count("\n", 0, at) + 1, hint="nul")
    return text


def _check_header(cells: Sequence[str], header: Sequence[str], file: str) -> None:
    if list(cells) == list(header):
        return
    if len(cells) == 1 and (separator := next((mark for mark in ";\t|" if cells[0].count(mark) > 1), None)):
        raise Refused(
            "FILE_BAD_HEADER",
            f"the columns are separated by {_SEPARATORS[separator]}; save the file with commas (CSV, comma delimited)",
            file=file,
            row=1,
            hint="separator",
            expected=list(header),
        )
    missing = [name for name in header if name not in cells]
    unknown = [name for name in cells if name not in header]
    what = "; ".join(
        [
            *([f"missing: {', '.join(missing)}"] if missing else []),
            *([f"unknown: {', '.join(name[:40] for name in unknown[:10])}"] if unknown else []),
        ]
    )
    raise Refused(
        "FILE_BAD_HEADER",
        f"the header is not that of this format ({what or 'the columns are in another order'});"
        " check the chosen format and that the file was not edited",
        file=file,
        row=1,
        hint="header",
        expected=list(header),
    )


def _check_width(cells: Sequence[str], header: Sequence[str], file: str, row: int) -> None:
    if len(cells) != len(header):
        cut = len(cells) < len(header)
        raise Refused(
            "FILE_BAD_ROW",
            f"the row has {counted(len(cells), 'column')}, the header {len(header)};"
            + (" it was cut off, fetch the file again" if cut else " a comma in a text is not quoted"),
            file=file,
            row=row,
            column=header[len(cells) - 1] if cut and cells else None,
            hint="row_truncated" if cut else "row_too_long",
        )
