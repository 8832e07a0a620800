"""docs/how-to/close-a-month.md, word for word, on a chain whose gateway forgot one payment and sent one too many."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from apps.cli import line
from apps.closing import signed
from event_store.ledger import open_ledger
from event_store.retention.keys import open_vault
from mymedic.clock import SystemClock
from mymedic.settings import Settings
from pipelines.build import build_shard
from tests.chain import Chain
from tests.e2e.week import (
    CARD_AT_GATEWAY,
    REFUND_AT_GATEWAY,
    UPI_AT_GATEWAY,
    local_time,
    monday,
    tuesday,
    wednesday_noon,
)
from tests.founding import founded
from tests.integration.apps.conftest import Said, run_word
from tests.unit.event_store.clinic import ist
from tests.unit.integrations.bank.files import bank_csv, bank_row
from tests.unit.integrations.gateway.files import razorpay_csv, razorpay_row
from tests.worlds import without_data_tests

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "close-a-month.md"
TENANT = "ten_month"
DECISIONS = {"missing_settlement": "write_off", "orphan_settlement": "write_off"}


class Books:
    """A home folder on the eighth of December, and what is typed there."""

    def __init__(self, folder: Path, run: Callable[..., Said]) -> None:
        self.folder, self.run = folder, run
        self.home = folder / "home"

    def types(self, command: str) -> Said:
        words, _, file = command.partition(" > ")
        said = self.run(*shlex.split(words)[1:])
        assert said.code == 0, (command, said)
        if file:
            (self.folder / file.strip()).write_text(said.out)
        return said


def commands() -> list[str]:
    """What stands in the page's blocks, line by line."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [one for block in blocks for one in block.splitlines() if one.strip()]


@pytest.fixture
def books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Books]:
    """The files of November lie in the folder; the gateway's lacks the card payment and has one that nobody made."""
    home = tmp_path / "home"
    settings = Settings(home=home, ledger_url=None)
    with closing(open_ledger(settings.event_store_url)) as ledger, closing(open_vault(settings)) as vault:
        chain = founded(Chain(ledger, vault, TENANT))
        deposit_id = monday(chain)
        refund_id = tuesday(chain)
        chain.at(4, "09:00").refunded(deposit_id, refund_id, REFUND_AT_GATEWAY)
        _, card_id = wednesday_noon(chain)
        orders = {id: str(chain.state("payment", id).order_id) for id in (deposit_id, card_id)}
        chain.at(6, "18:00")
    _write_files(tmp_path, orders[deposit_id], orders[card_id])
    moments = iter(ist(8, "10:00", month=12) + timedelta(milliseconds=at) for at in range(10**9))
    monkeypatch.setattr(SystemClock, "now", lambda self: next(moments))
    without_border = partial(build_shard, border=lambda *_: nullcontext(list))
    monkeypatch.setattr(line, "build_shard", without_border)
    monkeypatch.setattr(signed, "build_shard", without_border)
    monkeypatch.setenv("MYMEDIC_HOME", str(home))
    monkeypatch.chdir(tmp_path)
    with without_data_tests():  # they are run wherever a build is looked at
        yield Books(tmp_path, partial(run_word, monkeypatch, capsys))


def _write_files(folder: Path, upi_order: str, card_order: str) -> None:
    free = {"fee (exclusive tax)": "0.00", "tax": "0.00", "payment_method": "upi", "card_type": ""}
    times = {"entity_created_at": local_time(2, "10:00"), "settled_at": local_time(6, "09:30")}
    upi = razorpay_row(**free | times, entity_id=UPI_AT_GATEWAY, amount="400.00", credit="400.00", order_id=upi_order)
    stranger = upi | {"entity_id": "pay_NOBODYKNOWS001", "order_id": "order_NOBODYKNOWS", "amount": "500.00"}
    stranger |= {"credit": "500.00"}
    refund = upi | {"transaction_entity": "refund", "entity_id": REFUND_AT_GATEWAY, "amount": "200.00"}
    refund |= {"credit": "0.00", "debit": "200.00"}
    (folder / "settlements.csv").write_bytes(razorpay_csv(upi, stranger, refund))
    credit = bank_row(70_000, 1_070_000, reference=upi["settlement_utr"])
    (folder / "bank.csv").write_bytes(bank_csv(credit))
    card = razorpay_row(
        entity_id=CARD_AT_GATEWAY,
        order_id=card_order,
        entity_created_at=local_time(4, "12:00"),
        settled_at=local_time(27, "09:30"),
        settlement_id="setl_LATE",
        settlement_utr="HDFC0000000000L1",
    )
    (folder / "late.csv").write_bytes(razorpay_csv(card))


def _fill_in(books: Books) -> None:
    """What a person does in a spreadsheet."""
    with (books.folder / "exceptions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["class"] for row in rows) == ["missing_settlement", "orphan_settlement"]
    with (books.folder / "resolved.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*rows[0], "resolution", "note"])
        writer.writeheader()
        writer.writerows(row | {"resolution": "write_off", "note": "asked, nobody answers"} for row in rows)


def test_the_page_closes_a_month(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    page = commands()
    said: dict[str, Said] = {}

    def type_until(last: str) -> None:
        while page:
            command = page.pop(0)
            said[command] = books.types(command)
            if command.startswith(last):
                return

    signed_by_two = ("--token", "meera.token", "--cosigner", "arun.token")
    type_until("mymedic report exceptions --to 2026-11-30 --format csv")
    too_early = books.run("close", "--month", "2026-11", *signed_by_two, "--json")
    assert too_early.json["error"]["code"] == "RECON_NOT_BALANCED"
    _fill_in(books)
    type_until("mymedic reconcile")
    rows = books.run("query", "SELECT class, status, resolved_by, cosigned_by FROM fct_recon_item"
                     " WHERE resolution_state IS NOT NULL ORDER BY 1", "--json").json["rows"]  # fmt: skip
    assert [list(row.values()) for row in rows] == [
        ["missing_settlement", "resolved", "stf_meera", None],
        ["orphan_settlement", "resolved", "stf_meera", "stf_arun"],
    ]
    type_until("mymedic report settlement")
    before = {path.name: path.read_bytes() for path in (books.folder / "signed").iterdir()}
    assert len(before) == 3

    books.types("mymedic ingest settlement late.csv --format razorpay_recon_csv_v1")
    type_until("mymedic statement reprint")
    assert "the bytes are the same" in said["mymedic statement reprint --month 2026-11"].out
    type_until("mymedic statement changes")
    _check_changes(books)
    _check_forgeries(books, before)


def _check_changes(books: Books) -> None:
    """The late file settles the card after all: its write-off is taken back, and every difference says why."""
    found = books.run("statement", "changes", "--month", "2026-11", "--json").json
    late = range(found["now_seq"] - 1, found["now_seq"] + 1)
    assert found["differences"] and all(set(one["seqs"]) <= set(late) for one in found["differences"])
    assert all(one["seqs"] for one in found["differences"])
    totals = {(one["section"], one["column"]): one for one in found["totals"]}
    assert totals["settlements", "payments_gross_paise"]["explained"] == 250_000
    assert totals["items", "matched_paise"]["explained"] == 250_000
    assert totals["items", "open_paise"]["explained"] == 244_100  # the late batch's credit is not at the bank
    assert all(one["now"] - one["signed"] == one["explained"] for one in found["totals"])


def _check_forgeries(books: Books, before: dict[str, bytes]) -> None:
    """One changed digit in any of the three files is seen."""
    for name, content in before.items():
        forged = books.folder / name
        for other, unbroken in before.items():
            (books.folder / other).write_bytes(unbroken)
        assert books.run("statement", "verify", str(forged), "--json").code == 0
        forged.write_bytes(content.replace(b"ten_month", b"ten_mouth"))
        assert books.run("statement", "verify", str(forged)).code == 1
