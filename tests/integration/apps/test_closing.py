"""`reconcile`, `resolve`, `reopen`, `close`: a build goes into the log, and people decide by their own tokens."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path
from typing import Any

import pytest

from event_store.store import open_store
from mymedic.settings import Settings
from tests.integration.apps.conftest import CHAIN, Mymedic, Said
from tests.worlds import World


class Office:
    """A copy of the tiny world's home, in which a finance clerk, her colleague and a manager have tokens."""

    def __init__(self, home: Path, mymedic: Mymedic) -> None:
        self.home, self._mymedic = home, mymedic
        self.tokens = {name: self._token(name, role) for name, role in (("meera", "FN"), ("arun", "CM"))}

    def _token(self, name: str, role: str) -> str:
        path = self.home / f"{name}.token"
        path.write_text(self("token", "--role", role, "--actor", f"stf_{name}", "--tenant", CHAIN).out)
        return str(path)

    def __call__(self, *words: str) -> Said:
        return self._mymedic(*words, home=str(self.home))

    def exceptions(self) -> list[dict[str, str]]:
        printed = self("report", "exceptions", "--tenant", CHAIN, "--format", "csv").out
        return list(csv.DictReader(io.StringIO(printed)))

    def sheet(self, rows: list[dict[str, str]]) -> str:
        path = self.home / "sheet.csv"
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return str(path)

    def events(self, event_type: str) -> list[Any]:
        with open_store(Settings(home=self.home)) as store:
            return [one.event for one in store.feed.read(CHAIN, 0, 10**9) if type(one.event).__name__ == event_type]


@pytest.fixture
def office(published: World, mymedic: Mymedic, tmp_path: Path) -> Office:
    shutil.copytree(published.home, tmp_path / "home")
    return Office(tmp_path / "home", mymedic)


def test_a_build_goes_in_once(office: Office) -> None:
    said = office("reconcile", "--tenant", CHAIN, "--json").json
    assert said["status"] == "accepted" and said["open_items"] > 0
    again = office("reconcile", "--tenant", CHAIN, "--json").json
    assert again["status"] == "duplicate" and again["run_id"] == said["run_id"]
    (run,) = office.events("ReconciliationRun")
    query = "SELECT sum(left_paise)::BIGINT AS l, sum(open_paise)::BIGINT AS o, count(*) AS n FROM fct_recon_item"
    (row,) = office("query", query, "--tenant", CHAIN, "--json").json["rows"]
    assert sum(total.left_paise for total in run.totals) == row["l"]
    assert sum(total.count for total in run.totals) == row["n"]
    assert sum(item.open_paise for item in run.open_items) == row["o"] == said["open_paise"]
    assert run.debits_paise == run.credits_paise
    unbuilt = office("reconcile", "--tenant", CHAIN, "--as-of", "2026-08-02", "--json")
    assert unbuilt.code == 2 and unbuilt.json["error"]["code"] == "NOT_FOUND"


def test_a_sheet_is_resolved_item_by_item_and_two_sign(office: Office) -> None:
    office("reconcile", "--tenant", CHAIN)
    rows = office.exceptions()
    for row in rows:
        is_income = row["class"] == "orphan_settlement"
        row |= {"resolution": "write_off" if is_income else "accept_variance", "note": "looked at"}
    sheet = office.sheet(rows)
    alone = office("resolve", "--from", sheet, "--token", office.tokens["meera"], "--json")
    assert alone.code == 1
    assert {one["code"] for one in alone.json["items"]} == {None, "FOUR_EYES_REQUIRED"}
    words = ("resolve", "--from", sheet, "--token", office.tokens["meera"], "--cosigner", office.tokens["arun"])
    both = {one["item_id"]: one["code"] for one in office(*words, "--json").json["items"]}
    refused = {one["item_id"] for one in alone.json["items"] if one["code"]}
    assert {item for item, code in both.items() if code is None} == refused  # the others are resolved already
    assert {code for item, code in both.items() if item not in refused} == {"RECON_ITEM_STALE"}
    resolved = office.events("ReconItemResolved")
    assert len(resolved) == len(rows)
    assert {one.cosigned_by for one in resolved} == {None, "stf_arun"}
    item = resolved[0].recon_item_id
    opened = office(
        "reopen", item, "--reason", "too soon", "--token", office.tokens["meera"], "--cosigner", office.tokens["arun"]
    )
    assert opened.code == 0 and "open again" in opened.out


def test_what_a_person_did_not_see_is_not_resolved(office: Office) -> None:
    office("reconcile", "--tenant", CHAIN)
    row = office.exceptions()[0] | {"resolution": "accept_variance", "note": "looked at", "item_hash": "0" * 32}
    said = office("resolve", "--from", office.sheet([row]), "--token", office.tokens["meera"], "--json")
    assert [one["code"] for one in said.json["items"]] == ["RECON_ITEM_STALE"]
    for change in ({"resolution": "forget"}, {"note": ""}, {"open_paise": "1.50"}):
        said = office("resolve", "--from", office.sheet([row | change]), "--token", office.tokens["meera"], "--json")
        assert said.json["error"]["code"] == "FILE_BAD_ROW" and said.json["error"]["details"]["row"] == 2
    assert not office.events("ReconItemResolved")
    by_name = ("resolve", row["item_id"], "--as", "chase_gateway", "--note", "asked", "--json")
    assert office(*by_name, "--token", "not a file").json["error"]["code"] == "NOT_FOUND"
    assert office(*by_name, "--token", "not.a.token").json["error"]["code"] == "UNAUTHENTICATED"
    assert office(*by_name, "--token", office.tokens["arun"]).json["items"][0]["code"] == "FORBIDDEN"
    assert office(*by_name, "--token", office.tokens["meera"]).json["items"][0]["code"] is None


def test_a_month_without_a_run_after_its_end_stays_open(office: Office) -> None:
    signed = ("--token", office.tokens["meera"], "--cosigner", office.tokens["arun"])
    assert office("close", "--month", "2026-08", *signed).code == 1
    office("reconcile", "--tenant", CHAIN, "--month", "2026-08")
    said = office("close", "--month", "2026-08", *signed, "--json")
    assert said.code == 1 and said.json["error"]["code"] == "RECON_NOT_BALANCED"
    assert office("close", "--month", "August", *signed).code == 2
