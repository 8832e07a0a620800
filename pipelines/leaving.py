"""Exports that leave: written apart, held to their border, and only then put where people take files from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from exports.finance.read import Period
from exports.finance.run import Export, run_export
from pipelines.borders.export import check_export_border
from pipelines.borders.result import BorderResult

HELD = ".held"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An export and what its border found; `export.folder` is where the files lie now."""

    export: Export
    border: list[BorderResult]

    @property
    def has_left(self) -> bool:
        return all(result.passed for result in self.border)


def leave(warehouse: Path, exports_dir: Path, tenant_id: str, surface: str, period: Period) -> Leaving:
    """Export one surface. When its border finds anything, the files stay below `.held`."""
    export = run_export(warehouse, exports_dir / HELD, tenant_id, surface, period=period)
    leaving = Leaving(export, check_export_border(export, warehouse))
    if not leaving.has_left:
        return leaving
    folder = exports_dir / tenant_id / export.manifest.export_id
    _move(export, folder)
    return Leaving(Export(folder, export.manifest), leaving.border)


def _move(export: Export, folder: Path) -> None:
    """The manifest last: a folder with a manifest is whole. Files that are there already have the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*(file.name for file in export.manifest.files), "manifest.json"):
        os.replace(export.folder / name, folder / name)
    export.folder.rmdir()
