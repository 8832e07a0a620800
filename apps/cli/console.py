"""How things are shown: aligned tables for people, one JSON object for programs, errors on stderr."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mymedic.errors import Refused
from mymedic.money import rupees_display

# Into a pipe or a file there is no screen whose width would have to be kept. What is shown are other people's names and
# words: brackets in them are no markup, and `:key:` in an id is no picture.
_NO_SCREEN = (10_000, 40)
OUT = Console(width=shutil.get_terminal_size(_NO_SCREEN).columns, markup=False, emoji=False)
ERR = Console(stderr=True, markup=False, emoji=False)

# Refusals that say the call was wrong; every other refusal is a check that failed.
_WRONG_USE = {
    "NOT_FOUND",
    "VALIDATION_FAILED",
    "MAPPING_INVALID",
    "QUERY_NOT_ALLOWED",
    "EXPORT_SCOPE_INVALID",
    "MEDIA_TYPE_UNSUPPORTED",
}


def explain(refusal: Refused, *, is_json: bool) -> int:
    """Show a refusal; its exit code."""
    if is_json:
        print_json({"error": {"code": refusal.code, "message": refusal.message, "details": refusal.details}})
    else:
        with suppress(OSError):  # whoever cannot be told has the exit code
            ERR.print(Text.assemble((refusal.code, "bold red"), f"  {refusal.message}"), soft_wrap=True)
            for name, value in refusal.details.items():
                if value is not None:
                    ERR.print(f"  {name}: {value}", highlight=False, soft_wrap=True)
    return 2 if refusal.code in _WRONG_USE else 1


def print_json(value: Any) -> None:
    """One object on stdout."""
    sys.stdout.write(msgspec.json.encode(value, enc_hook=str).decode() + "\n")


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> Table:
    """A table; columns named in `right`, and those of money, are aligned right. In a narrow window these and the ones
    named in `whole` stay on one line as long as there are others to fold; what is folded stays whole, as half an id is
    none.
    """
    shown = Table(
        title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        is_right = column in right or column.endswith(" ₹")
        shown.add_column(
            column.removesuffix(" ₹"),
            justify="right" if is_right else "left",
            no_wrap=is_right or column in whole,
            overflow="ellipsis" if is_right or column in whole else "fold",
        )
    for row in rows:
        shown.add_row(*[value if isinstance(value, Text) else text(value) for value in row])
    return shown


def text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def rupees(paise: int | None) -> str:
    return "-" if paise is None else rupees_display(int(paise))
