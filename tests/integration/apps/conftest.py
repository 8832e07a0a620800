"""The command line, run in this process on the tiny world."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from apps.cli import main
from apps.cli.console import OUT
from tests.worlds import World

CHAIN = "ten_tiny_chain"


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What was printed, which must be one JSON object and nothing else."""
        return json.loads(self.out)


Mymedic = Callable[..., Said]


def run_word(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> Said:
    """Say something on the command line, in a window so wide that nothing is folded."""
    monkeypatch.setattr(OUT, "width", 300)
    monkeypatch.setattr(sys, "argv", ["mymedic", *words])
    with pytest.raises(SystemExit) as exit:
        main()
    printed = capsys.readouterr()
    return Said(int(exit.value.code or 0), printed.out, printed.err)


@pytest.fixture
def mymedic(tiny_world: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Mymedic:
    """`mymedic("query", "SELECT 1")`: exit code, stdout, stderr; `home` defaults to the tiny world's."""

    def run(*words: str, home: str | None = None) -> Said:
        return run_word(monkeypatch, capsys, *words, "--home", home or str(tiny_world.home))

    return run


@pytest.fixture
def published(tiny_world: World) -> World:
    tiny_world.warehouse(CHAIN)
    return tiny_world
