"""The page of stable codes: status, whether to try again, and where in the code each can come from."""

from __future__ import annotations

import ast
from http import HTTPStatus
from pathlib import Path

from mymedic.errors import CODES

_ROOMS = ("mymedic", "event_store", "projections", "processes", "integrations", "exports", "pipelines", "apps")


def errors_page(root: Path) -> str:
    """One table per HTTP status."""
    sources = _sources(root)
    lines = [
        "# Errors",
        "",
        "Whatever is refused is refused with one of these codes: over HTTP as `application/problem+json` (`code`,",
        "`detail`, `retryable`, and `details` with the place: field, file, row, column, ids), on the command line as",
        "one line on stderr, or as the one object of `--json`. A code never changes its meaning. *Try again*: the same",
        "request may succeed later, unchanged.",
        "",
        "`mymedic` ends with exit code 0 when all is well; 2 when it was called wrongly, also with a taken port or an",
        "unknown id; 130 when it was interrupted (Ctrl-C); 141, silently, where the reader of a pipe has seen enough;",
        "else 1: a check failed, it could not be done, or what it prints could not be written.",
        "",
    ]
    for status in sorted({code.http_status for code in CODES.values()}):
        lines += [f"## {status} {HTTPStatus(status).phrase}", "", "| code | try again | from |", "|---|---|---|"]
        for name, code in CODES.items():
            if code.http_status == status:
                found = ", ".join(sorted(sources.get(name, ()))) or "not in use yet"
                lines.append(f"| `{name}` | {'yes' if code.retryable else ''} | {found} |")
        lines.append("")
    return "\n".join(lines)


def _sources(root: Path) -> dict[str, set[str]]:
    """Code -> where it stands in the source: the aggregate's name inside the truth, else the room's."""
    found: dict[str, set[str]] = {}
    for room in _ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            if path == root / "mymedic" / "errors.py" or path.is_relative_to(root / "apps" / "reference"):
                continue
            parts = path.relative_to(root).with_suffix("").parts
            place = parts[2] if parts[:2] == ("event_store", "aggregates") and len(parts) > 2 else parts[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and node.value in CODES:
                    found.setdefault(str(node.value), set()).add(place.replace("_", " "))
    return found
