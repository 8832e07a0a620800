"""What processes wait for is seen as it is: behind, timers, parked, by process and by entity."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from typer.testing import CliRunner

from apps.cli.words import program
from apps.processing import read_processes
from event_store.api.app import create_app
from event_store.api.identity import Identity
from event_store.store import open_store
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import Actor
from mymedic.settings import Settings
from processes import reacting
from processes.catalogue import PROCESSES, REACTIONS, TIMERS
from processes.standing import Standing, standing
from tests.chain import BALA, Chain
from tests.founding import founded
from tests.integration.api.conftest import Badges
from tests.unit.event_store.clinic import DESK, ENGINEER, FINANCE, ist

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "processes.md"


def states(found: Standing) -> dict[str, tuple[int, int, int]]:
    """process -> (behind, timers, parked), of those that have any."""
    rows = {one.process: (one.behind, one.timers, one.parked) for one in found.processes}
    return {name: row for name, row in rows.items() if any(row)}


def look(chain: Chain, process: str | None = None, about: str | None = None) -> Standing:
    return standing(chain.store.handler, chain.tenant_id, process, about)


def test_a_process_is_behind_until_it_has_answered(chain: Chain) -> None:
    with chain.paused():
        chain.book("appt_1", 3, "18:00")
    found = look(chain)
    assert (states(found), found.head - found.seq) == ({"timers": (1, 0, 0), "notifying": (1, 0, 0)}, 1)
    chain.runner.drain(chain.tenant_id)
    found = look(chain)
    assert (states(found), found.seq) == ({"timers": (0, 1, 0), "notifying": (0, 1, 0)}, found.head)
    assert [one.next_due_at for one in found.processes if one.timers] == [ist(3, "23:59"), ist(2, "18:00")]


def test_an_entity_shows_all_that_waits_about_it(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("svc_gone")

    monkeypatch.setitem(reacting.ANSWERED, "PatientCheckedIn", (("billing", fails),))
    chain.book("appt_1", 3, "18:00")
    chain.book("appt_2", 3, "18:15", BALA)
    chain.at(3, "18:00").visit("appt_1", "enc_1")
    waiting = look(chain, about="appt_1").waiting
    assert {(one.process, one.what, one.error) for one in waiting} == {
        ("timers", "mark_no_show", ""),  # what would have ended it is the reaction that is broken here
        ("billing", "parked", "PatientCheckedIn: KeyError: 'svc_gone'"),
    }
    assert {one.about for one in look(chain, process="billing").waiting} == {"appt_1"}


def test_the_command_line_shows_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    with open_store(settings, ManualClock(ist(1, "09:00")), DerivedIds()) as store:
        chain = founded(Chain(store.ledger, store.vault)).at(2, "10:00")
        chain.book("appt_1", 3, "18:00")
    said = _said(["--home", str(tmp_path), "--about", "appt_1"])
    assert "mark_no_show" in said and "remind_patient" in said
    shown = json.loads(_said(["--home", str(tmp_path), "--json"]))["standing"]
    assert [one["process"] for one in shown["processes"]] == list(PROCESSES)
    assert {one["what"] for one in shown["waiting"]} == {"mark_no_show", "remind_patient"}


def test_the_api_shows_it_to_those_who_look_after_the_whole(chain: Chain) -> None:
    chain.book("appt_1", 3, "18:00")
    badges = Badges()
    shown = create_app(chain.store, Identity(badges), queries=[read_processes])
    narrow = Actor(type="user", id="stf_narrow", roles=("FN",), branch_scope=("brn_south",))
    with TestClient(shown) as client:

        def ask(actor: Actor, **parameters: str) -> Any:
            token = badges.issue(chain.tenant_id, actor)
            return client.get("/v1/processes", params=parameters, headers={"Authorization": f"Bearer {token}"})

        answer = ask(ENGINEER, about="appt_1").json()
        assert {one["what"] for one in answer["waiting"]} == {"mark_no_show", "remind_patient"}
        assert ask(FINANCE, process="billing").json()["waiting"] == []
        refusals = [(ask(actor).status_code, ask(actor).json()["code"]) for actor in (DESK, narrow)]
        assert refusals == [(403, "FORBIDDEN"), (403, "FORBIDDEN_BRANCH")]
        assert client.get("/v1/processes").status_code == 401


def _said(arguments: list[str]) -> str:
    done = CliRunner().invoke(program(["processes"]), ["processes", *arguments])
    assert done.exit_code == 0, done.output
    return done.output


def test_the_page_names_every_process_and_timer() -> None:
    page = PAGE.read_text(encoding="utf-8")
    names = {name for reactions in REACTIONS.values() for name, _ in reactions}
    assert names | {ringing.process for ringing in TIMERS.values()} == set(PROCESSES)
    for name, numbers in PROCESSES.items():
        for number in numbers.split():
            assert f"| {number} | `{name}.py` |" in page
    assert not [kind for kind in TIMERS if f"| `{kind}` |" not in page]
