"""The page of tables, from the YAML beside each model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

# libyaml's, where PyYAML was built with it: a tenth of the time.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LAYERS = {
    "marts": "Marts: what reports and exports are made of. Published.",
    "facts": "Facts: one row per thing that happened, with its measures. Published.",
    "dimensions": "Dimensions: what facts are about; a version holds from `valid_from` until `valid_to`. Published.",
    "projections": "Projections: streams folded to their present state. In the build; published when kept live too.",
    "staging": "Staging: landed events, one row each. In the build, not published.",
}


def tables_page(project: Path) -> str:
    """One section per layer, from what people read to what machines land; one table per model."""
    lines = [
        "# Tables",
        "",
        "A published warehouse `warehouse/<tenant>.duckdb` holds the dimensions, facts and marts below, what of the",
        "projections is kept live too, `build_info` (tenant, last seq, as-of) and `build_table` (rows and content",
        "hash of each table).",
        "Amounts are `*_paise`, whole paise; `*_at` is an instant in UTC; `*_on` and `*_date` are days in the tenant's",
        "zone; `-1` stands for an unknown member; `*_seq` says which events of the log a row comes from.",
        "",
    ]
    for folder, title in _LAYERS.items():
        lines += [f"## {title}", ""]
        for model in models_in(project / "models" / folder):
            lines += _section(model)
    return "\n".join(lines)


def models_in(folder: Path) -> list[dict[str, Any]]:
    """What the YAML files below a folder say of their models, by name."""
    found = [
        model
        for path in sorted(folder.rglob("*.yml"))
        for model in (yaml.load(path.read_text(encoding="utf-8"), _Loader).get("models") or [])
    ]
    return sorted(found, key=lambda model: model["name"])


def _section(model: dict[str, Any]) -> list[str]:
    lines = [f"### {model['name']}", "", _cell(model.get("description", "")), ""]
    columns = model.get("columns") or []
    if columns:
        lines += ["| column | what it holds |", "|---|---|"]
        lines += [f"| `{column['name']}` | {_cell(column.get('description', ''))} |" for column in columns]
        lines.append("")
    return lines


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
