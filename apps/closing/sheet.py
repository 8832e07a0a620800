"""The items that a person decides about: as the warehouse shows them, with what the person wrote beside."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, NamedTuple, get_args

from event_store.aggregates.recon_case.commands import ResolveReconItem
from event_store.aggregates.recon_case.events import Resolution
from exports.warehouse import opened
from mymedic.errors import Refused

RESOLUTIONS: tuple[str, ...] = get_args(Resolution)
# They say nothing of an amount: what is at stake is what they are about.
COLUMNS = ("item_id", "item_hash", "open_paise", "resolution", "note")


class Decided(NamedTuple):
    """One row of a sheet: `item_hash` and `open_paise` are what the person saw."""

    item_id: str
    item_hash: str
    open_paise: int
    resolution: str
    target_ref: str | None
    note: str

    def command(self) -> ResolveReconItem:
        return ResolveReconItem(
            recon_item_id=self.item_id,
            item_hash=self.item_hash,
            resolution=self.resolution,  # type: ignore[arg-type]
            target_ref=self.target_ref,
            amount_paise=self.open_paise,
            note=self.note,
        )


def decided_in(path: Path) -> list[Decided]:
    """The rows of `mymedic report exceptions --format csv` in which somebody has written a resolution.

    FILE_BAD_HEADER, FILE_BAD_ROW with its place; nothing of a sheet is sent before all of it could be read.
    """
    if not path.is_file():
        raise Refused("NOT_FOUND", f"there is no file {path}", file=str(path))
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            raise Refused(
                "FILE_BAD_HEADER",
                f"{path.name} has no column {missing[0]}: take the sheet that"
                " `mymedic report exceptions --format csv` writes and add `resolution` and `note` to it",
                file=path.name,
                column=missing[0],
            )
        rows = [_decided(row, reader.line_num) for row in reader if (row["resolution"] or "").strip()]
    if not rows:
        raise Refused("FILE_BAD_ROW", f"no row of {path.name} has a resolution", file=path.name, column="resolution")
    return rows


def _decided(row: dict[str, Any], line: int) -> Decided:
    resolution, note = row["resolution"].strip(), (row["note"] or "").strip()
    if resolution not in RESOLUTIONS:
        raise Refused(
            "FILE_BAD_ROW",
            f"{resolution!r} is no resolution: {', '.join(RESOLUTIONS)}",
            row=line,
            column="resolution",
        )
    if not note:
        raise Refused("FILE_BAD_ROW", "say in a note why", row=line, column="note")
    if not (row["open_paise"] or "").isdecimal():
        raise Refused("FILE_BAD_ROW", "the amount is no number of paise", row=line, column="open_paise")
    target = (row.get("target_ref") or "").strip() or None
    return Decided(row["item_id"], row["item_hash"], int(row["open_paise"]), resolution, target, note)


def as_published(
    warehouse: Path, item_ids: list[str], resolution: str, target_ref: str | None, note: str
) -> list[Decided]:
    """The same for items named on the command line, as the published warehouse shows them now."""
    with opened(warehouse) as connection:
        found = {
            item_id: (item_hash, open_paise)
            for item_id, item_hash, open_paise in connection.execute(
                "SELECT item_id, item_hash, open_paise FROM fct_recon_item WHERE list_contains(?, item_id)",
                (item_ids,),
            ).fetchall()
        }
    unknown = [item_id for item_id in item_ids if item_id not in found]
    if unknown:
        raise Refused("NOT_FOUND", f"the published warehouse has no item {unknown[0]}", item=unknown[0])
    return [Decided(item_id, *found[item_id], resolution, target_ref, note) for item_id in item_ids]
