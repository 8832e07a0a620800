"""One extract as CSV, XLSX or Parquet. The same extract gives the same bytes, whenever and wherever it is written."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import xlsxwriter

from exports.finance.read import Extract, is_money
from mymedic.money import rupees_text

# A spreadsheet runs a cell that begins with one of these.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# A cell of a spreadsheet holds no more characters; what would not fit is in the other formats.
_LONGEST = 32_767
_CUT = "… (cut here: the CSV has all of it)"
# XLSX files carry dates of their making; a fixed one keeps the bytes the same.
_CREATED = datetime(2026, 4, 1)
# Excel cannot choose among lakh groupings by itself for negative amounts, so each cell gets the one that fits.
_LAKH_FORMATS = (
    (10**9, r"##\,##\,##\,##0.00;-##\,##\,##\,##0.00"),
    (10**7, r"##\,##\,##0.00;-##\,##\,##0.00"),
    (0, r"##,##0.00;-##,##0.00"),
)


def csv_bytes(extract: Extract) -> bytes:
    """RFC 4180, UTF-8 without BOM, CRLF; each `*_paise` is followed by `*_inr`."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(_header(extract))
    for row in extract.table.to_pylist():
        writer.writerow([cell for name, value in row.items() for cell in _csv_cells(name, value)])
    return buffer.getvalue().encode()


def content_hash(extract: Extract) -> str:
    """SHA-256 of the rows as CSV: the name under which every format of this extract is known."""
    return sha256(csv_bytes(extract)).hexdigest()


def write_csv(extract: Extract, path: Path) -> None:
    path.write_bytes(csv_bytes(extract))


def write_parquet(extract: Extract, path: Path) -> None:
    pq.write_table(extract.table.replace_schema_metadata(None), path, compression="zstd")


def write_xlsx(extract: Extract, path: Path) -> None:
    """The rows under a frozen header, and a control sheet that lets whoever receives the file check it."""
    book = xlsxwriter.Workbook(
        str(path), {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    )
    book.set_properties({"title": extract.surface.title, "created": _CREATED})
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    money = [(floor, book.add_format({"num_format": text})) for floor, text in _LAKH_FORMATS]
    sheet = book.add_worksheet(extract.surface.name)
    header = _header(extract)
    for column, name in enumerate(header):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, max(10, min(28, len(name) + 2)))
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, extract.table.num_rows), len(header) - 1)
    for number, row in enumerate(extract.table.to_pylist(), 1):
        column = 0
        for name, value in row.items():
            if value is None:
                pass
            elif isinstance(value, bool | int | float):
                sheet.write(number, column, value)
            elif hasattr(value, "isoformat") and not isinstance(value, datetime):
                sheet.write_datetime(number, column, datetime(value.year, value.month, value.day), day)
            else:
                sheet.write_string(number, column, _fitting(_text(value)))
            column += 1
            if is_money(name):
                if value is not None:
                    fitting = next(one for floor, one in money if abs(value) >= floor)
                    sheet.write_number(number, column, value / 100, fitting)
                column += 1
    _control_sheet(book, extract, bold)
    book.close()


def _control_sheet(book: Any, extract: Extract, bold: Any) -> None:
    sheet = book.add_worksheet("control")
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, 68)
    facts: list[tuple[str, Any]] = [
        ("surface", extract.surface.title),
        ("tenant_id", extract.tenant_id),
        ("period", extract.period.label),
        ("narrowed to", "; ".join(f"{name}: {', '.join(ids)}" for name, ids in extract.narrowed.items()) or "all"),
        ("as_of", _text(extract.as_of) if extract.as_of else ""),
        ("last_seq", extract.last_seq),
        ("rows", extract.table.num_rows),
        ("content_sha256", content_hash(extract)),
        *((f"sum {name}", total) for name, total in extract.sums().items()),
    ]
    for number, (name, value) in enumerate(facts):
        sheet.write_string(number, 0, name, bold)
        if isinstance(value, int):
            sheet.write_number(number, 1, value)
        else:
            sheet.write_string(number, 1, value)


def _header(extract: Extract) -> list[str]:
    header: list[str] = []
    for name in extract.table.column_names:
        header.append(name)
        if is_money(name):
            header.append(name.removesuffix("paise") + "inr")
    return header


def _csv_cells(name: str, value: Any) -> list[str]:
    if is_money(name):
        return ["", ""] if value is None else [str(value), rupees_text(value)]
    if value is None:
        return [""]
    if isinstance(value, str):
        return ["'" + value if value.startswith(_FORMULA_STARTS) else value]
    return [_text(value)]


def _fitting(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return str(value)
