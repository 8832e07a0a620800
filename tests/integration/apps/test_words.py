"""The other words of the command line: what they print, and how they exit."""

from __future__ import annotations

import csv
import io
import re
from html import escape
from pathlib import Path

import pytest

from apps.identity import identity_of
from apps.samples import write_samples
from apps.tieout import tie_out
from event_store.store import open_store
from exports.finance.surfaces import REPORTS
from exports.warehouse import opened
from mymedic.clock import SystemClock
from mymedic.settings import Settings
from projections.catalogue import ROWS
from projections.database import open_read_database
from projections.payments_summary import PaymentsSummary
from tests.integration.apps.conftest import CHAIN, Mymedic
from tests.worlds import World


def test_tenants(mymedic: Mymedic, published: World) -> None:
    listed = mymedic("tenants", "--json").json["tenants"]
    assert [row["tenant_id"] for row in listed] == ["ten_tiny_chain", "ten_tiny_clinic", "ten_tiny_hospital"]
    assert all(row["last_seq"] > 0 and row["is_published"] for row in listed)


def test_verify(mymedic: Mymedic, published: World) -> None:
    (head,) = (row["last_seq"] for row in mymedic("tenants", "--json").json["tenants"] if row["tenant_id"] == CHAIN)
    rebuilt = mymedic("replay", "--tenant", CHAIN, "--json").json["rebuilt"]
    assert {one["seq"] for one in rebuilt} == {head}, "also where nothing was kept before"
    said = mymedic("verify", "--tenant", CHAIN, "--json")
    assert said.code == 0
    assert [proof["passed"] for proof in said.json["proofs"]] == [True] * 6


def test_replay_and_what_it_found(mymedic: Mymedic, published: World) -> None:
    mymedic("replay", "--tenant", CHAIN)
    again = mymedic("replay", "--tenant", CHAIN, "--projection", "payments_summary", "--json").json["rebuilt"]
    assert [(one["projection"], [d["changed"] for d in one["differences"]]) for one in again] == [
        ("payments_summary", [0])
    ]
    with open_read_database(published.settings.read_database_url, ROWS).write(CHAIN) as writer:
        writer.execute(f"UPDATE {PaymentsSummary.table} SET captured_paise = 1 WHERE captured_paise > 100000")
    found = mymedic("verify", "--tenant", CHAIN, "--json")
    assert found.code == 1 and "proj_payments_summary differs from its replay" in found.out
    said = mymedic("replay", "--tenant", CHAIN, "--projection", "payments_summary", "--json").json["rebuilt"]
    assert said[0]["differences"][0]["changed"] > 0
    assert mymedic("verify", "--tenant", CHAIN, "--json").code == 0


def test_replay_of_one_patient_with_a_warehouse(mymedic: Mymedic, published: World) -> None:
    with opened(published.warehouse(CHAIN)) as connection:
        ((patient_key, _),) = connection.execute(
            "SELECT patient_key, count(*) FROM fct_payment GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1"
        ).fetchall()
        of_patient = "SELECT * FROM fct_payment WHERE patient_key = ? ORDER BY payment_id"
        whole = connection.execute(of_patient, (patient_key,)).fetchall()
    with open_store(published.settings) as store:
        with store.ledger.read() as reads:
            ids = reads.rows("SELECT DISTINCT value FROM tag WHERE tenant_id = ? AND kind = 'patient'", (CHAIN,))
        (patient_id,) = [id for (id,) in ids if store.vault.patient_key(CHAIN, id) == patient_key]
    said = mymedic("replay", "--tenant", CHAIN, "--patient", patient_id, "--warehouse", "--json")
    assert said.code == 0, said.out
    with opened(Path(said.json["warehouse"])) as connection:
        assert connection.execute(of_patient, (patient_key,)).fetchall() == whole != []


def test_a_payment_is_answered_without_those_beside_it(mymedic: Mymedic, published: World) -> None:
    """A deposit and the rest of the bill stand against one invoice: the invoice is of both, the deposit of itself."""
    with opened(published.warehouse(CHAIN)) as connection:
        ((invoice_id, ids, captured),) = connection.execute(
            "SELECT invoice_id, list(payment_id ORDER BY payment_id), sum(captured_paise) FROM proj_payments_summary"
            " WHERE invoice_id IS NOT NULL AND captured_paise > 0 GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
        ).fetchall()
    alone = [mymedic("audit", "payments", "--tenant", CHAIN, "--payment", id, "--json").json for id in ids]
    assert [{row["payment_id"] for row in one["rows"]} for one in alone] == [{id} for id in ids]
    assert sum(one["captured_paise"] for one in alone) == captured
    stream = mymedic("audit", "payments", "--tenant", CHAIN, "--stream", f"payment-{ids[0]}", "--json").json
    assert stream["rows"] == alone[0]["rows"]
    both = mymedic("audit", "payments", "--tenant", CHAIN, "--invoice", invoice_id, "--json").json
    assert both["captured_paise"] == captured and {row["payment_id"] for row in both["rows"]} >= set(ids)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_says_the_same_in_every_format(mymedic: Mymedic, published: World, name: str) -> None:
    words = ("report", name, "--tenant", CHAIN)
    rows = mymedic(*words, "--json").json["rows"]
    with opened(published.warehouse(CHAIN)) as connection:
        mart = f"SELECT count(*) FROM {REPORTS[name].mart} WHERE {REPORTS[name].mart_only}"
        assert bool(rows) == bool(connection.execute(mart).fetchall()[0][0])
    shown = mymedic(*words).out
    page = Path(mymedic(*words, "--format", "html").out.strip()).read_text()
    assert f"<h1>{escape(REPORTS[name].title)}</h1>" in page and page.endswith("</html>\n")
    if not rows:
        return
    from_csv = list(csv.DictReader(io.StringIO(mymedic(*words, "--format", "csv").out)))
    assert len(from_csv) == len(rows)
    money = [column for column in rows[0] if column.endswith("_paise")]
    for column in money:
        assert sum(int(row[column] or 0) for row in from_csv) == sum(row[column] or 0 for row in rows)
    path = Path(mymedic(*words, "--format", "xlsx").out.strip())
    assert path.suffix == ".xlsx" and path.exists()
    assert all(figure in page for figure in re.findall(r"-?₹[\d,.]+", shown))


def test_a_report_can_be_narrowed(mymedic: Mymedic, published: World) -> None:
    everything = mymedic("report", "variance", "--tenant", CHAIN, "--json").json["rows"]
    branches = sorted({row["branch_name"] for row in everything if row["branch_id"] != "-1"})
    narrowed = mymedic(
        "report", "variance", "--tenant", CHAIN, "--branch", branches[0], "--from", "2026-08-04", "--json"
    ).json["rows"]
    assert {row["branch_name"] for row in narrowed} == {branches[0]}
    assert min(row["business_date"] for row in narrowed) >= "2026-08-04"
    by_month = mymedic("report", "variance", "--tenant", CHAIN, "--month", "2026-08", "--json").json["rows"]
    assert by_month == everything
    nowhere = mymedic("report", "variance", "--tenant", CHAIN, "--branch", "Atlantis", "--json")
    assert nowhere.code == 2 and nowhere.json["error"]["code"] == "NOT_FOUND"
    nonsense = mymedic("report", "variance", "--tenant", CHAIN, "--month", "August", "--json")
    assert nonsense.code == 2 and nonsense.json["error"]["code"] == "VALIDATION_FAILED"


def test_the_money_ties_out(published: World) -> None:
    for tenant_id in published.report.tenants:
        found = tie_out(published.warehouse(tenant_id))
        assert found.is_tied
        assert sum(row.captured for row in found.gateways) == sum(row.captured for row in found.branches) > 0


def test_a_trace_leads_from_command_to_bank(mymedic: Mymedic, published: World) -> None:
    item = mymedic(
        "query",
        "SELECT payment_id, appointment_id FROM fct_recon_item WHERE leg = 'L1' AND class = 'matched'"
        " AND appointment_id IS NOT NULL AND utr IN (SELECT utr FROM fct_bank_line) ORDER BY 1 LIMIT 1",
        "--tenant",
        CHAIN,
        "--json",
    ).json["rows"][0]
    traced = mymedic("trace", item["payment_id"], "--tenant", CHAIN, "--json").json
    seqs = [event["seq"] for event in traced["events"]]
    assert seqs == sorted(seqs)
    assert "PaymentCaptured" in {event["event_type"] for event in traced["events"]}
    assert traced["settlement_lines"] and traced["bank_lines"]
    assert next(row["class"] for row in traced["reconciliation"]) == "matched"
    by_line = mymedic("trace", traced["settlement_lines"][0]["line_id"], "--tenant", CHAIN, "--json").json
    assert by_line["kind"] == "settlement line" and by_line["events"] == traced["events"]
    by_appointment = mymedic("trace", item["appointment_id"], "--tenant", CHAIN, "--json").json
    assert {event["seq"] for event in traced["events"]} <= {event["seq"] for event in by_appointment["events"]}
    assert mymedic("trace", "pay_NOBODY", "--tenant", CHAIN, "--json").code == 2


def test_the_samples_can_be_tried_and_record_nothing(mymedic: Mymedic, published: World, tmp_path: Path) -> None:
    samples = write_samples(published.warehouse(CHAIN), tmp_path)
    before = mymedic("tenants", "--json").json
    settlement = mymedic(
        "ingest", "settlement", str(samples.settlement), "--format", "razorpay_recon_csv_v1", "--check",
        "--tenant", CHAIN, "--json",
    )  # fmt: skip
    bank = mymedic("ingest", "bank", str(samples.bank), "--check", "--tenant", CHAIN, "--json")
    assert (settlement.code, bank.code) == (0, 0)
    assert settlement.json["status"] == bank.json["status"] == "accepted"
    assert settlement.json["net_paise"] == bank.json["net_paise"] > 0
    assert mymedic("tenants", "--json").json == before


def test_a_bad_file_is_refused_with_its_place(mymedic: Mymedic, published: World, tmp_path: Path) -> None:
    samples = write_samples(published.warehouse(CHAIN), tmp_path)
    lines = samples.settlement.read_text().splitlines()
    broken = tmp_path / "broken.csv"
    broken.write_text("\n".join([lines[0], lines[1].replace(",INR,", ",USD,")]) + "\n")
    said = mymedic(
        "ingest", "settlement", str(broken), "--format", "razorpay_recon_csv_v1", "--tenant", CHAIN, "--json"
    )
    assert said.code == 1
    assert said.json["error"]["code"] == "CURRENCY_UNSUPPORTED"
    assert said.json["error"]["details"]["row"] == 2
    truncated = tmp_path / "truncated.csv"
    truncated.write_text("\n".join([lines[0], lines[1].rsplit(",", 3)[0]]) + "\n")
    said = mymedic("ingest", "settlement", str(truncated), "--format", "razorpay_recon_csv_v1", "--tenant", CHAIN)
    assert said.code == 1 and said.out == ""
    assert "FILE_BAD_ROW" in said.err and "row: 2" in said.err


def test_wrong_use_exits_2(mymedic: Mymedic) -> None:
    assert mymedic("report", "weather").code == 2
    assert mymedic("build", "--as-of", "yesterday", "--json").json["error"]["code"] == "VALIDATION_FAILED"
    assert mymedic("nonsense").code == 2


def test_a_token_speaks_for_whom_it_was_asked(mymedic: Mymedic, tiny_world: World) -> None:
    said = mymedic("token", "--role", "FD", "--actor", "stf_1", "--branch", "brn_1", "--tenant", CHAIN, "--json")
    bearer = identity_of(Settings(home=tiny_world.home), SystemClock()).bearer(f"Bearer {said.json['token']}")
    assert (bearer.tenant_id, bearer.actor.id, bearer.actor.branch_scope) == (CHAIN, "stf_1", ("brn_1",))
    assert mymedic("token", "--role", "KING", "--actor", "stf_1", "--tenant", CHAIN).code == 2


def test_a_key_is_shown_once_listed_without_its_secret_and_revoked(mymedic: Mymedic) -> None:
    words = ("--actor", "his_1", "--label", "the hospital's HIS", "--tenant", CHAIN, "--json")
    said = mymedic("key", "issue", *words).json
    listed = mymedic("key", "list", "--json")
    assert said["key_id"] in [one["key_id"] for one in listed.json["keys"]]
    assert said["key"] not in listed.out and "secret" not in listed.out
    assert said["key_id"] in mymedic("key", "list").out
    assert mymedic("key", "revoke", said["key_id"]).code == 0
    assert all(one["revoked_at"] for one in mymedic("key", "list", "--json").json["keys"])
    assert mymedic("key", "revoke", "0" * 16).code == 2
