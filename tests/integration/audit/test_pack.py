"""A pack is one thing: the same log gives the same bytes, one bit makes it another, and who gets it can see that."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.aggregates.data_subject.events import PiiAccessed
from event_store.audit.asked import Subject
from event_store.audit.pack.contents import verifier_source
from event_store.audit.pack.made import Glass, Pack, fingerprint_of, make_pack
from event_store.audit.pack.verifier import MANIFEST, SIGNATURE, NotVerified, container, files_in, verified
from event_store.retention.signing import signature
from mymedic.errors import Refused
from mymedic.messages import canonical_json
from tests.integration.audit.conftest import AUDITOR, TENANT, Audited
from tests.unit.event_store.clinic import FINANCE, ist

ASHA = Subject("patient", "pat_asha")
NAME, PHONE = b"Asha", b"9812345678"


def packed(audited: Audited, subject: Subject = ASHA, **how: Any) -> Pack:
    return make_pack(audited.store.handler, TENANT, subject, **how)


def json_of(pack: Pack, name: str) -> Any:
    return json.loads(files_in(pack.data)[name])


def lines_of(pack: Pack) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files_in(pack.data)["events.jsonl"].splitlines()]


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_a_pack_holds_the_story_and_its_proofs(audited: Audited) -> None:
    pack = packed(audited)
    assert pack.data == packed(audited).data
    about = verified(pack.data, pack.fingerprint)
    assert (about["kind"], about["id"], about["head"]["seq"]) == ("patient", "pat_asha", audited.chain.head())
    lines = lines_of(pack)
    envelopes = [json.loads(line["envelope"]) for line in lines]
    types = {one["event_type"] for one in envelopes}
    assert {"PatientsMerged", "AppointmentCancelled", "RefundProcessed", "PolicyPublished", "PriceSet"} <= types
    chain = json_of(pack, "chain.json")
    assert chain["whole_streams"]["appointment-appt_1"] == 3 and "policy-deposit-tenant" in chain["parts_of_streams"]
    answers = json_of(pack, "answers.json")
    assert answers["policies"]["recomputed_equal"] and len(answers["refunds"]["rows"]) == 1
    assert any("50 % of the price" in text for one in json_of(pack, "policies.json") for text in one["text"])
    page = files_in(pack.data)["timeline.html"].decode()
    assert "Appointment cancelled" in page and "₹200.00" in page and "pat_asha (patient, console)" in page
    assert any("notice_version" in one["documents"] for one in json_of(pack, "documents.json"))


def test_a_pack_of_an_earlier_moment(audited: Audited) -> None:
    known = ist(3, "13:30")
    pack = packed(audited, as_of=known)
    assert pack.data == packed(audited, as_of=known).data != packed(audited).data
    assert verified(pack.data, pack.fingerprint)["head"]["seq"] < audited.chain.head()
    assert b"RefundProcessed" not in pack.data


def test_without_a_broken_glass_it_names_nobody(audited: Audited) -> None:
    pack = packed(audited)
    assert NAME not in pack.data and PHONE not in pack.data
    withheld = [line for line in lines_of(pack) if line["body"] is None]
    assert {json.loads(line["envelope"])["event_type"] for line in withheld} == {"PatientRegistered"}
    assert verified(pack.data, pack.fingerprint)["withheld_bodies"] == len(withheld) == 2
    assert b'_hash\\":' not in files_in(pack.data)["events.jsonl"]


def test_names_go_through_the_one_door(audited: Audited) -> None:
    known = ist(6, "17:00")  # nobody had read a name by then
    before = audited.chain.head()
    for glass, code in ((Glass(FINANCE, "why not"), "FORBIDDEN"), (Glass(AUDITOR, " "), "VALIDATION_FAILED")):
        with pytest.raises(Refused) as refused:
            packed(audited, as_of=known, glass=glass)
        assert (refused.value.code, audited.chain.head()) == (code, before)
    pack = packed(audited, as_of=known, glass=Glass(AUDITOR, "court order 7"))
    assert json_of(pack, "names.json")["pat_asha"]["name"] == "Asha"
    assert NAME in files_in(pack.data)["timeline.html"]
    assert verified(pack.data, pack.fingerprint)["withheld_bodies"] == 0
    (registered,) = [part for part in json_of(pack, "opened.json").values() if part.get("name") == "Asha"]
    assert registered["phone_e164"] == "+919812345678"
    traces = [one.event for one in audited.chain.log() if one.seq > before]
    assert [trace.fields for trace in traces if isinstance(trace, PiiAccessed)] == [
        ("name", "phone_e164", "birth_year"),
        ("abha_address", "abha_number", "address", "dob", "name", "phone_e164"),
    ]
    assert {(one.actor_id, one.justification) for one in traces} == {("stf_audit", "court order 7")}
    again = packed(audited, as_of=known, glass=Glass(AUDITOR, "court order 7"))
    assert again.data == pack.data, "the same log as known then; that it was read again is later"


def test_who_does_not_see_all_of_it_makes_no_pack(audited: Audited) -> None:
    for wrong in ({"sight": audited.sight(FINANCE)}, {"subject": Subject("appointment", "appt_1")}):
        with pytest.raises(Refused) as refused:
            packed(audited, **wrong)  # type: ignore[arg-type]
        assert refused.value.code in ("FORBIDDEN", "VALIDATION_FAILED")
    with pytest.raises(Refused) as refused:
        packed(audited, Subject("claim", "clm_none"))
    assert refused.value.code == "NOT_FOUND"


def test_the_verifier_alone_refuses_every_flipped_bit(audited: Audited, tmp_path: Path) -> None:
    """One bit in each file, in the zip's own headers and in the verifier itself, checked by Python alone."""
    pack = packed(audited)
    (tmp_path / "verify.py").write_bytes(verifier_source())
    places = {name: pack.data.index(content) + len(content) // 2 for name, content in files_in(pack.data).items()}
    places |= {"first header": 6, "a date": 12, "a crc": 15, "the end": len(pack.data) - 1}
    places |= {"central directory": pack.data.rindex(b"PK\x01\x02") + 40}
    for number, place in enumerate(places.values()):
        (tmp_path / f"{number}.zip").write_bytes(flipped(pack.data, place * 8 + number % 8))
    (tmp_path / "whole.zip").write_bytes(pack.data)

    def check(*names: str, key: str = pack.fingerprint) -> tuple[int, list[str]]:
        command = [sys.executable, "-I", "-S", "verify.py", "--key", key, *names]
        said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert said.stderr == ""
        return said.returncode, said.stdout.splitlines()

    code, lines = check("whole.zip")
    assert code == 0 and "whole.zip: whole. patient pat_asha of ten_audit" in lines[0]
    code, lines = check(*(f"{number}.zip" for number in range(len(places))), "whole.zip")
    refused = ["REFUSED" in line for line in lines]
    assert code == 1 and refused == [*[True] * len(places), False], dict(zip(places, lines, strict=False))
    code, lines = check("whole.zip", key="00" * 32)
    assert code == 1 and "another key" in lines[0]
    inside = files_in(pack.data)["verify.py"]
    assert inside == verifier_source()


def test_any_flipped_bit_is_refused(audited: Audited) -> None:
    pack = packed(audited)

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(st.integers(0, len(pack.data) * 8 - 1))
    def check(bit: int) -> None:
        with pytest.raises(NotVerified):
            verified(flipped(pack.data, bit), pack.fingerprint)

    check()


def signed_again(audited: Audited, pack: Pack, change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The pack with other files, signed by the very key: what only the checks of its contents can find."""
    files = files_in(pack.data)
    change(files)
    manifest = json.loads(files[MANIFEST])
    manifest["files"] = [
        {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()}
        for name, content in sorted(files.items())
        if name not in (MANIFEST, SIGNATURE)
    ]
    files[MANIFEST] = canonical_json(manifest)
    files[SIGNATURE] = base64.b64decode(signature(audited.store.vault, TENANT, files[MANIFEST]))
    return container(sorted(files.items()))


def _edited(edit: Callable[[list[dict[str, Any]]], None]) -> Callable[[dict[str, bytes]], None]:
    def change(files: dict[str, bytes]) -> None:
        lines = [json.loads(line) for line in files["events.jsonl"].splitlines()]
        edit(lines)
        files["events.jsonl"] = b"".join(canonical_json(line) + b"\n" for line in lines)

    return change


def _without_the_cancellation(lines: list[dict[str, Any]]) -> None:
    lines[:] = [line for line in lines if '"event_type":"AppointmentCancelled"' not in line["envelope"]]


def _another_amount(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        if line["body"] is not None:
            line["body"]["payload"] = line["body"]["payload"].replace("20000", "19000")


def _another_actor(lines: list[dict[str, Any]]) -> None:
    for line in lines:
        line["envelope"] = line["envelope"].replace("pat_asha", "pat_bala")


def _a_body_less(lines: list[dict[str, Any]]) -> None:
    next(line for line in lines if line["body"] is not None)["body"] = None


def _another_order(lines: list[dict[str, Any]]) -> None:
    lines.reverse()


def _a_link_broken(lines: list[dict[str, Any]]) -> None:
    first = next(at for at, line in enumerate(lines[1:], 1) if lines[at - 1]["seq"] == line["seq"] - 1)
    line = lines[first]
    line["prev_hash"] = "f" * 64
    hashed = line["prev_hash"] + line["envelope"] + line["payload_digest"]
    line["event_hash"] = sha256(hashed.encode()).hexdigest()


def _no_events(lines: list[dict[str, Any]]) -> None:
    lines[0] = {"seq": 1}


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (_without_the_cancellation, "parts of the log"),
        (_another_amount, "is not the one that was hashed"),
        (_another_actor, "is not that of its envelope"),
        (_a_body_less, "nothing says why"),
        (_another_order, "out of order"),
        (_a_link_broken, "does not follow the event before it"),
        (_no_events, "cannot be read"),
    ],
)
def test_a_signature_does_not_make_a_false_pack_true(
    audited: Audited, edit: Callable[[list[dict[str, Any]]], None], why: str
) -> None:
    pack = packed(audited)
    with pytest.raises(NotVerified, match=why):
        verified(signed_again(audited, pack, _edited(edit)), pack.fingerprint)
    assert verified(signed_again(audited, pack, lambda files: None), pack.fingerprint)["events"]


def test_a_file_too_many_or_too_few_is_refused(audited: Audited) -> None:
    pack = packed(audited)
    files = files_in(pack.data)
    more = container(sorted({**files, "note.txt": b"trust me"}.items()))
    less = container(sorted((name, content) for name, content in files.items() if name != "documents.json"))
    for data in (more, less):
        with pytest.raises(NotVerified, match="lists other files"):
            verified(data, pack.fingerprint)
    with zipfile.ZipFile(BytesIO(pack.data)) as zipped:
        assert zipped.testzip() is None
    assert pack.fingerprint == fingerprint_of(audited.store.vault, TENANT)
