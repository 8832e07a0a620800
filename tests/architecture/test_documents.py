"""Documents cannot lag: generated pages equal the code, words and links exist, nothing names a machine."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from apps.cli.words import program
from apps.reference.pages import PAGES, REFERENCE, page
from tests.architecture.product import ROOT, committed

DECISIONS = ROOT / "docs" / "decisions"
MARKDOWN = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
# Put together here so that this file does not contain what it looks for.
MACHINE_PATHS = re.compile("|".join(f"/{top}/[A-Za-z]" for top in ("work", "root", "home", "Users", "opt")))
REGISTRIES = re.compile(r"pypi\." + "org|python" + r"hosted\.org|--(?:extra-)?index" + "-url [^-]")
UNFINISHED = re.compile(r"\b(?:TO" + "DO|FIX" + r"ME|X" + r"XX)\b")


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_reference_is_what_the_code_says(name: str) -> None:
    written = (REFERENCE / name).read_text(encoding="utf-8") if (REFERENCE / name).exists() else ""
    assert written == page(name), f"docs/reference/{name} is stale: run `make docs`"


def test_the_readme_leads_to_the_first_figures() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for wanted in ("make demo", "make test", "mymedic query", "mymedic report", "mymedic import appointments"):
        assert wanted in readme


def test_every_word_of_make_is_in_the_contributors_guide() -> None:
    words = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert not [word for word in words if f"`make {word}`" not in guide]


def test_every_command_in_the_documents_exists() -> None:
    known = _words(get_command(program([])))
    unknown = {
        f"{path.relative_to(ROOT)}: mymedic {found}"
        for path in MARKDOWN
        if path.parent != REFERENCE
        for found in re.findall(
            r"(?:^|[`/ ])mymedic ((?:audit|import|ingest|key|parked|statement|webhooks) [a-z]+|[a-z]+)\b",
            _code(path),
            re.MULTILINE,
        )
        if found not in known
    }
    assert not unknown


def test_every_link_leads_somewhere() -> None:
    broken = {
        f"{path.relative_to(ROOT)} -> {target}"
        for path in MARKDOWN
        if path.parent != REFERENCE
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not target.startswith("https://") and not (path.parent / target).exists()
    }
    assert not broken


def test_the_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_decisions_are_numbered_without_holes_and_say_what_follows() -> None:
    found = sorted(path for path in DECISIONS.glob("*.md") if path.name != "README.md")
    assert [path.name[:4] for path in found] == [f"{number:04d}" for number in range(1, len(found) + 1)]
    index = (DECISIONS / "README.md").read_text(encoding="utf-8")
    for path in found:
        text = path.read_text(encoding="utf-8")
        assert path.name in index, path.name
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in text, f"{path.name} has no {heading}"


@pytest.mark.parametrize(
    "pattern", [MACHINE_PATHS, REGISTRIES, UNFINISHED], ids=["machines", "registries", "unfinished"]
)
def test_no_committed_text_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = set()
    for path in committed():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        hit = pattern.search(text)
        if hit is not None:
            found.add(f"{path.relative_to(ROOT)}: {hit[0]}")
    assert not found


def _words(command: object, prefix: str = "") -> set[str]:
    """Every word of the command line, such as `build` and `import appointments`."""
    found = set()
    for name, inner in getattr(command, "commands", {}).items():
        nested = _words(inner, f"{prefix}{name} ")
        found |= nested or {f"{prefix}{name}"}
    return found


def _code(path: Path) -> str:
    """What stands in code blocks and spans of a document."""
    text = path.read_text(encoding="utf-8")
    blocks = re.findall(r"```[a-z]*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`[^`\n]+`", text)])
