"""docs/how-to/answer-an-audit.md, word for word, on the demo chain."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from event_store.audit.pack.verifier import files_in
from event_store.store import open_store
from mymedic.settings import Settings
from tests.integration.apps.conftest import Said, run_word
from tests.worlds import World

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "answer-an-audit.md"
CHAIN = "ten_chain"


class Shell:
    """As much of a shell as the page needs: variables, `$(… | tail -1 | cut …)`, `> file`."""

    def __init__(self, folder: Path, run: Callable[..., Said]) -> None:
        self.folder, self.run = folder, run
        self.known: dict[str, str] = {}
        self.said: dict[str, str] = {}

    def types(self, command: str) -> str:
        name, assigned, inner = command.partition("=$(")
        if assigned:
            self.known[name] = self._piped(inner.removesuffix(")"))
            return self.known[name]
        words, _, file = command.partition(" > ")
        said = self._says(words)
        if file:
            (self.folder / file.strip()).write_text(said)
        self.said[command] = said
        return said

    def _piped(self, line: str) -> str:
        first, *filters = line.split(" | ")
        text = self._says(first)
        for one in filters:
            if one == "tail -1":
                text = text.splitlines()[-1]
            else:
                cut = re.fullmatch(r"cut -d(,|' ') -f([0-9]+)", one)
                assert cut is not None, one
                text = text.strip().split(cut[1].strip("'"))[int(cut[2]) - 1]
        return text

    def _says(self, line: str) -> str:
        for name, value in self.known.items():
            line = line.replace(f"${name}", value)
        program, *words = shlex.split(line)
        if program == "echo":
            return " ".join(words)
        if program == "python":
            done = subprocess.run(
                [sys.executable, *words], cwd=self.folder, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done
            return done.stdout
        said = self.run(*words)
        assert (program, said.code) == ("mymedic", 0), (line, said)
        return said.out


@pytest.fixture
def shell(
    demo_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A home of the demo's log and keys, with the warehouse that other tests look at published as its present."""
    home, folder = tmp_path / "home", tmp_path / "desk"
    (home / "warehouse").mkdir(parents=True)
    folder.mkdir()
    for part in ("ledger", "keys"):
        shutil.copytree(demo_world.home / part, home / part)  # reading a name is written into the log
    (home / "warehouse" / f"{CHAIN}.duckdb").symlink_to(demo_world.warehouse(CHAIN, "settled"))
    monkeypatch.setenv("MYMEDIC_HOME", str(home))
    monkeypatch.chdir(folder)
    yield Shell(folder, partial(run_word, monkeypatch, capsys))


def test_the_page_answers_all_eight_questions(shell: Shell) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    for command in [one for block in blocks for one in block.splitlines() if one.strip()]:
        shell.types(command)
    assert len(shell.said["echo $FINGERPRINT"]) == len(shell.known["FINGERPRINT"]) > 20
    plain = {command: said for command, said in shell.said.items() if "--format" not in command}
    told = {command.split()[2]: said for command, said in plain.items() if not command.startswith("echo")}
    for what in ("Appointment cancelled", "Deposit forfeited", "Refund requested", "Refund processed"):
        assert what in shell.said[f"mymedic audit timeline --tenant {CHAIN} --appointment $APPOINTMENT"]
    assert "late by" in told["order"] and "(patient)" in told["initiators"]
    assert "/planned_refunds/" in told["changes"] and "replace" in told["changes"]
    assert told["policies"].rstrip().endswith("Everything is the same when worked out again: yes")
    assert "A patient who cancels loses" in told["policies"] and "lead_seconds" in told["policies"]
    assert "Payment captured" in told["payments"] and "balance" in told["payments"]
    assert "processed" in told["refunds"] and "setl_" in told["refunds"] and "policy_cancel" in told["refunds"]
    assert "late_cancel" in told["forfeits"] and "4200" in told["forfeits"] and "2100" in told["forfeits"]
    as_json = [json.loads(said) for command, said in shell.said.items() if "--format json" in command]
    assert as_json[0]["recomputed_equal"] and len(as_json[1]["rows"][0]["proof"]["event_hash"]) == 64
    assert "evidence.zip: whole." in told["-S"]
    names = _names(shell)
    assert names and not any(name.encode() in (shell.folder / "evidence.zip").read_bytes() for name in names)
    assert all(name.encode() in (shell.folder / "named.zip").read_bytes() for name in names)
    with open_store(Settings()) as store:
        last = store.feed.read(CHAIN, store.feed.head(CHAIN) - 1)[-1]
    assert last.event_type == "PiiAccessed"


def _names(shell: Shell) -> list[str]:
    people = json.loads(files_in((shell.folder / "named.zip").read_bytes())["names.json"])
    return [one["name"] for one in people.values()]
