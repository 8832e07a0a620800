"""`mymedic certificate`: one JSON object whose sha256 anybody can compute again, or a page for a person."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from event_store.store import open_store
from mymedic.clock import ManualClock
from mymedic.ids import DerivedIds
from mymedic.messages import canonical_json
from mymedic.settings import Settings
from tests.integration.apps.conftest import run_word
from tests.integration.ledger.conftest import START, Bench
from tests.integration.ledger.people import TENANT, accepted, patient, register_tenant, submit
from tests.integration.ledger.test_destruction import NAME, PATIENT, destroy


def test_a_certificate_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, clock = Settings(home=tmp_path, ledger_url=None), ManualClock(START)
    with open_store(settings, clock, DerivedIds()) as store:
        register_tenant(store)
        accepted(submit(store, msgspec.structs.replace(patient(), patient_id=PATIENT), "cmd_patient"))
        accepted(destroy(Bench(settings.event_store_url, tmp_path, clock, store)))

    def mymedic(*words: str) -> tuple[int, str]:
        said = run_word(monkeypatch, capsys, "certificate", *words, "--home", str(tmp_path))
        return said.code, said.out

    code, printed = mymedic("dst_1", "--tenant", TENANT, "--json")
    sealed = msgspec.json.decode(printed)
    assert code == 0 and sha256(canonical_json(sealed["certificate"])).hexdigest() == sealed["sha256"]
    code, page = mymedic(sealed["certificate"]["certificate_id"])
    said = (sealed["sha256"], sealed["signature"], "keys_destroyed")
    assert code == 0 and all(one in page for one in said) and NAME not in page
    assert mymedic("crt_none")[0] == 2
