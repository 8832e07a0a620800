"""The product's own files, read once for every rule that is about them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
ROOMS = (
    "mymedic",
    "event_store",
    "projections",
    "processes",
    "integrations",
    "exports",
    "pipelines",
    "simulator",
    "apps",
)


class Import(NamedTuple):
    line: int
    module: str  # dotted; for `from a import b` also `a.b`, because b may be a module


class Module(NamedTuple):
    """One Python file of the product: `name` is its import name."""

    name: str
    path: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    def imports(self) -> Iterator[Import]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(node.lineno, alias.name)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield Import(node.lineno, node.module)
                for alias in node.names:
                    yield Import(node.lineno, f"{node.module}.{alias.name}")

    def chains(self) -> Iterator[Import]:
        """Dotted names as they are used, such as `datetime.now` or `os.environ`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Attribute):
                parts = [node.attr]
                value: ast.expr = node.value
                while isinstance(value, ast.Attribute):
                    parts.append(value.attr)
                    value = value.value
                if isinstance(value, ast.Name):
                    yield Import(node.lineno, ".".join([value.id, *reversed(parts)]))


@cache
def modules() -> tuple[Module, ...]:
    """Every Python file of the product's rooms."""
    found = []
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            relative = path.relative_to(ROOT)
            name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
            found.append(Module(name, str(relative), ast.parse(path.read_text(encoding="utf-8"))))
    return tuple(found)


@cache
def committed() -> tuple[Path, ...]:
    """Every file under version control that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(ROOT / name for name in sorted(listed.split("\0")) if name and (ROOT / name).is_file())


def within(name: str, *packages: str) -> bool:
    """Whether a dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)
