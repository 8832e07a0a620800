"""A border in a process of its own; results as JSON on stdout.

usage: python -m pipelines.borders landing <dir> <tenant>...
       python -m pipelines.borders export <folder> <warehouse>

Great Expectations takes 5 s and 250 MB to import: a build has better to do meanwhile.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from exports.finance.run import Export, Manifest
from pipelines.borders.export import check_export_border
from pipelines.borders.landing import check_landing_border
from pipelines.borders.result import BorderResult


def main(arguments: Sequence[str]) -> list[BorderResult]:
    match arguments:
        case ["landing", landing_dir, *tenant_ids] if tenant_ids:
            return check_landing_border(Path(landing_dir), *tenant_ids)
        case ["export", folder, warehouse]:
            manifest = msgspec.json.decode((Path(folder) / "manifest.json").read_bytes(), type=Manifest)
            return check_export_border(Export(Path(folder), manifest), Path(warehouse))
    raise SystemExit(__doc__)


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(main(sys.argv[1:])) + b"\n")
