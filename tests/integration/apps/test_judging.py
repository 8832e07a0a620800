"""`ingest bank --check` without a tenant: a verdict per statement, in any currency, and nothing recorded."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.integration.apps.conftest import run_word
from tests.unit.integrations.bank.files import bank_csv, bank_row
from tests.unit.integrations.bank.test_camt import camt
from tests.unit.integrations.bank.test_mt940 import mt940


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """Files that foot, in every format, and two that do not."""
    contents = {
        "in.csv": bank_csv(bank_row(100, 100)),
        "eur.sta": mt940().replace(b"INR", b"EUR"),
        "in.xml.gz": gzip.compress(camt()),
        "wrong.sta": mt940() + mt940(closing="C261106INR3241,00"),
        "noise.bin": b"\x00\x01\x02",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return {name: str(tmp_path / name) for name in contents}


def test_what_foots_is_said_and_nothing_is_made(
    files: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    sound = [files[name] for name in ("in.csv", "eur.sta", "in.xml.gz")]
    said = run_word(monkeypatch, capsys, "ingest", "bank", "--check", *sound, "--home", str(home))
    assert said.code == 0, said.err
    assert "3 statements with balances: 3 foot, 0 do not" in said.out
    assert not home.exists()


def test_what_does_not_foot_fails_and_says_by_how_much(
    files: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = run_word(monkeypatch, capsys, "ingest", "bank", "--check", files["wrong.sta"], "--json")
    assert said.code == 1
    (file,) = said.json["files"]
    assert (file["format"], file["is_sound"]) == ("mt940", False)
    assert [(one["verdict"], one["difference"]) for one in file["statements"]] == [
        ("foots", "0.00"),
        ("does_not_foot", "-1.00"),
    ]
    said = run_word(monkeypatch, capsys, "ingest", "bank", "--check", *files.values())
    assert said.code == 1
    assert "DOES NOT FOOT" in said.out and "1 does not" in said.out and "1 file without a statement" in said.out
    assert "FILE_BAD_ROW" in said.err and "noise.bin" in said.err


def test_a_day_far_ahead_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ahead.csv"
    path.write_bytes(bank_csv(bank_row(100, 100, value_date="2199-12-31")))
    said = run_word(monkeypatch, capsys, "ingest", "bank", "--check", str(path))
    assert said.code == 0 and "note  ahead.csv: row 2 is dated 2199-12-31" in said.err
