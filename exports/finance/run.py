"""Run an export: the files, and a manifest that says what they hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec import Struct

from exports.finance.files import content_hash, write_csv, write_parquet, write_xlsx
from exports.finance.page import write_html
from exports.finance.read import EVERYTHING, NOTHING, Extract, Narrowed, Period, extract
from exports.finance.surfaces import REPORTS
from mymedic.errors import Refused
from mymedic.ids import derived_id

WRITERS: dict[str, Callable[[Extract, Path], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
    "html": write_html,
}


class ExportedFile(Struct, frozen=True):
    name: str
    sha256: str
    bytes: int
    rows: int


class Manifest(Struct, frozen=True, kw_only=True):
    """`manifest.json` beside the files (DOMAIN §8)."""

    export_id: str
    tenant_id: str
    surface: str
    format: tuple[str, ...]
    filters: dict[str, str | list[str] | None]
    as_of: str | None
    last_seq: int
    rows: int
    sums_paise: dict[str, int]
    content_sha256: str
    files: tuple[ExportedFile, ...]
    generator_version: str


class Export(Struct, frozen=True):
    folder: Path
    manifest: Manifest

    def path(self, format: str) -> Path:
        return self.folder / next(file.name for file in self.manifest.files if file.name.endswith(f".{format}"))


def run_export(
    warehouse: Path,
    exports_dir: Path,
    tenant_id: str,
    surface: str,
    *,
    period: Period = EVERYTHING,
    narrowed: Narrowed = NOTHING,
    formats: Sequence[str] = ("csv", "xlsx", "parquet"),
    generator: str = "mymedic 0.1.0",
) -> Export:
    """Write a surface in these formats. The same rows always land in the same folder with the same bytes."""
    if surface not in REPORTS:
        raise Refused("EXPORT_SCOPE_INVALID", f"there is no export {surface!r}", field="surface")
    unknown = [one for one in formats if one not in WRITERS]
    if unknown:
        raise Refused("EXPORT_SCOPE_INVALID", f"no such format: {', '.join(unknown)}", field="format")
    rows = extract(warehouse, tenant_id, REPORTS[surface], period, narrowed)
    digest = content_hash(rows)
    scope = [f"{column}={id}" for column, ids in sorted(narrowed.items()) for id in ids]
    export_id = derived_id("exp", tenant_id, surface, period.label, *scope, str(rows.last_seq), digest)
    folder = exports_dir / tenant_id / export_id
    folder.mkdir(parents=True, exist_ok=True)
    files = [_write(rows, folder, f"{tenant_id}_{surface}_{period.label}_{digest[:12]}.{one}", one) for one in formats]
    manifest = Manifest(
        export_id=export_id,
        tenant_id=tenant_id,
        surface=surface,
        format=tuple(formats),
        filters={
            "from": str(period.from_on) if period.from_on else None,
            "to": str(period.to_on) if period.to_on else None,
            **{f"{column}s": list(ids) for column, ids in sorted(narrowed.items())},
        },
        as_of=rows.as_of.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if rows.as_of else None,
        last_seq=rows.last_seq,
        rows=rows.table.num_rows,
        sums_paise=rows.sums(),
        content_sha256=digest,
        files=tuple(files),
        generator_version=generator,
    )
    _replace(folder / "manifest.json", msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return Export(folder, manifest)


def _write(rows: Extract, folder: Path, name: str, format: str) -> ExportedFile:
    partial = folder / f"{name}.partial"
    WRITERS[format](rows, partial)
    content = partial.read_bytes()
    os.replace(partial, folder / name)
    return ExportedFile(name, sha256(content).hexdigest(), len(content), rows.table.num_rows)


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
