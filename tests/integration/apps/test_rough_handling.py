"""What people and disks do to the command line: brackets in names, wrong periods, damaged files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from apps.cli.machine import refusal_of
from apps.ports import listening
from event_store.ledger.wal_file import WalFile
from exports.warehouse import opened
from mymedic.errors import Refused
from tests.integration.apps.conftest import CHAIN, Mymedic
from tests.worlds import World


def test_brackets_and_colons_are_no_markup(mymedic: Mymedic, published: World) -> None:
    said = mymedic("query", "SELECT '[red]a[/red] [/x] :key:' AS \"[/y]\"", "--tenant", CHAIN)
    assert said.code == 0 and "[red]a[/red] [/x] :key:" in said.out and "[/y]" in said.out
    refused = mymedic("trace", "[/b]", "--tenant", CHAIN)
    assert refused.code == 2 and "is called [/b]" in refused.err


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("query", "SELECT 1 AS a, 2 AS a", "--json"), "two columns have one name"),
        (("query", "SELECT 'x'::INTEGER", "--json"), "VALIDATION_FAILED"),
        (("query", "SELECT 1", "--as-of", "0001-01-01T00:00:00+14:00"), "is no instant"),
        (("report", "fees", "--from", "2026-10-02", "--to", "2026-10-01"), "before it begins"),
        (("report", "fees", "--from", ""), "'' is no day like"),
        (("report", "fees", "--month", "2026-8"), "'2026-8' is no month like"),
        (("audit", "timeline", "--patient", "pat_1", "--token", "nosuchfile"), "there is no file nosuchfile"),
        (("audit", "timeline", "--patient", "pat_1", "--token", "./such.jwt"), "there is no file ./such.jwt"),
        (("trace", "pay_\udcff"), "is not UTF-8"),
        (("token", "--role", "CM", "--actor", ""), "actor is not an id"),
        (("replay", "--as-of", ""), "field: as-of"),
        (("replay", "--valid-at", ""), "field: valid-at"),
        (("replay", "--as-of", "2026-08-10T00:00:00Z", "--projection", "bed_board"), "leave --projection out"),
        (("audit", "timeline", "--patient", "pat_1", "--from", "Monday"), "field: from"),
        (("audit", "payments", "--patient", "pat_1", "--from", "2026-08-10T00:00:00Z"), "No such option: --from"),
    ],
)
def test_wrong_use_is_said(mymedic: Mymedic, published: World, words: tuple[str, ...], what: str) -> None:
    said = mymedic(*words, "--tenant", CHAIN)
    assert said.code == 2 and what in said.out + said.err


def test_a_long_result_says_that_it_is_not_all(mymedic: Mymedic, published: World) -> None:
    said = mymedic("query", "SELECT * FROM range(2001)", "--tenant", CHAIN)
    assert "2,001 rows; the first 2,000 are shown" in said.err


def test_a_folder_without_a_log_proves_nothing(mymedic: Mymedic, tmp_path: Path) -> None:
    assert mymedic("verify", home=str(tmp_path)).code == 2


def test_a_wrong_setting_and_a_home_that_is_a_file(
    mymedic: Mymedic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    said = mymedic("tenants", home=str(tmp_path / "file"))
    assert said.code == 1 and "STORE_UNAVAILABLE" in said.err
    monkeypatch.setenv("MYMEDIC_MODE", "banana")
    assert "MYMEDIC_MODE" in mymedic("tenants", home=str(tmp_path)).err
    monkeypatch.delenv("MYMEDIC_MODE")
    for wrong in ("10.0.0.0/8", '["ten"]'):
        monkeypatch.setenv("MYMEDIC_WEBHOOK_NETWORKS", wrong)
        assert "WEBHOOK_NETWORKS" in mymedic("tenants", home=str(tmp_path)).err.upper()


@pytest.mark.parametrize("word", ["serve --port {free} --grpc-port", "serve --port", "dagster --port", "docs --port"])
def test_a_taken_port_is_said_before_anything_is_opened(mymedic: Mymedic, tmp_path: Path, word: str) -> None:
    with listening(0) as freed:
        free = freed.getsockname()[1]
    with listening(0) as other:
        taken = other.getsockname()[1]
        said = mymedic(*word.format(free=free).split(), str(taken), home=str(tmp_path / "home"))
    assert said.code == 2 and f"VALIDATION_FAILED  port {taken} cannot be used" in said.err
    assert said.err.endswith(f"  field: {word.rpartition('--')[2]}\n") and not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("to", "exit", "code"),
    [(">&-", 1, "STORE_UNAVAILABLE"), (">/dev/full", 1, "STORE_FULL"), ("| true", 141, None)],
)
def test_what_nobody_takes_is_said_unless_the_reader_has_seen_enough(
    published: World, to: str, exit: int, code: str | None
) -> None:
    asked = ["query", "SELECT * FROM range(20_000)", "--json", "--tenant", CHAIN, "--home", str(published.home)]
    command = [sys.executable, "-c", "from apps.cli import main; main()", *asked]
    shell = ["bash", "-c", f'set -o pipefail; "$@" {to}', "bash", *command]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    told = done.stderr.splitlines()
    assert done.returncode == exit and [line.split()[0] for line in told] == ([code, "file:"] if code else [])


@pytest.mark.parametrize("module", ["typer", "apps.cli.line"])
def test_an_interrupt_while_it_starts_is_quiet(module: str) -> None:
    """Python and the libraries take most of the first second: the module is interrupted as it is imported."""
    interrupted = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where the tests run in the background
from apps.cli import main
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["mymedic", "tenants"]
main()
"""
    done = subprocess.run([sys.executable, "-c", interrupted], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_a_full_disk_is_said() -> None:
    assert refusal_of(OSError(28, "No space left on device", "log")).code == "STORE_FULL"


def test_a_damaged_file_is_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "damaged"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(Refused, match="STORE_UNAVAILABLE"), opened(path):
        pass
    with pytest.raises(Refused, match="STORE_UNAVAILABLE"):
        WalFile(path, "the event store", "bring it back from a backup", "FULL")


def test_a_package_that_cannot_be_unpacked_is_named(mymedic: Mymedic, tmp_path: Path) -> None:
    (tmp_path / "bank.zip").write_bytes(b"PK\3\4garbage")
    assert "bank.zip: the package" in mymedic("ingest", "bank", str(tmp_path / "bank.zip"), "--tenant", CHAIN).err
