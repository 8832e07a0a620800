"""The files of an evidence pack, as bytes: the same log as known at the same instant gives the same ones."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from event_store.audit.asked import WHOLE_LIMIT, Asked, Subject
from event_store.audit.book import Book, Entry
from event_store.audit.changes import changes
from event_store.audit.forfeits import forfeits
from event_store.audit.history import initiators, order, timeline
from event_store.audit.pack import verifier
from event_store.audit.pack.gathering import Gathered, gathered
from event_store.audit.pack.page import timeline_page
from event_store.audit.payments import payments
from event_store.audit.policies import policies, shown
from event_store.audit.refunds import refunds
from event_store.audit.sight import HASHES, clear_part, sealed_part
from event_store.catalogue import EVENTS
from event_store.ledger.chain import envelope_of
from event_store.then import Then
from mymedic.identity import Person
from mymedic.messages import canonical_json
from mymedic.policies import pinned

# Fields that name a paper or a file which is kept elsewhere.
_PAPERS = ("_ref", "sha256", "invoice_no", "credit_note_no", "documents_n", "notice_version", "certificate_id")
_WITHHELD = "it names a person in clear or by a keyed hash, and this pack is pseudonymous"
_README = """Evidence pack of MyMedic about {kind} {id} of {tenant}

timeline.html   what happened, to read and print; timeline.json is the same for programs
answers.json    in what order, who initiated it, what changed, which policy applied and whether it is right when worked
                out again, what was paid, refunded and forfeited
policies.json   the policies behind it, word by word and figure by figure
documents.json  papers and files that the events name; they are kept elsewhere
events.jsonl    the events as they were hashed: envelope, body, and the hash before and after
chain.json      where they stand in the tenant's chain, and where that ended when this was made
manifest.json   every file with its sha256; manifest.sig is its Ed25519 signature, public.key the key

To check it: python verify.py --key FINGERPRINT this.zip
Ask for the fingerprint, and for verify.py, where you trust the answer: `mymedic audit verifier` gives both.
"""


def verifier_source() -> bytes:
    """The program that checks packs, as it is handed out."""
    return Path(verifier.__file__).read_bytes()


class Opened(NamedTuple):
    """What a broken glass lets out: who the patients are, and by seq what was sealed of the events."""

    people: Mapping[str, Person]
    parts: Mapping[int, Mapping[str, Any]]


def contents(book: Book, subject: Subject, opened: Opened | None) -> tuple[dict[str, bytes], dict[str, Any]]:
    """(name -> bytes, what the manifest says of them). With what was `opened`, no body is withheld.

    Of the log alone: the published books change from build to build, and the same log has to give the same pack.
    """
    found = gathered(book, subject)
    asked = Asked(subject=subject, limit=WHOLE_LIMIT)
    told, who = timeline(book, asked), initiators(book, asked)
    texts = [shown(book, pinned(_present(book, subject), one)) for one in found.policies]
    answers = {
        "order": order(book, asked),
        "initiators": who,
        "changes": changes(book, asked),
        "policies": policies(book, asked),
        "payments": payments(book, asked),
        "refunds": refunds(book, asked),
        "forfeits": forfeits(book, asked),
    }
    people = None if opened is None else msgspec.to_builtins(opened.people)
    readme = _README.format(kind=subject.kind, id=subject.id, tenant=book.tenant_id)
    made = {
        "README.txt": readme.encode(),
        "timeline.html": timeline_page(told, who.rows, texts, people).encode(),
        "timeline.json": canonical_json(told),
        "answers.json": canonical_json(answers),
        "policies.json": canonical_json(texts),
        "documents.json": canonical_json(_documents(book, found.entries)),
        verifier.EVENTS: b"".join(_line(entry, is_open=opened is not None) for entry in found.entries),
        verifier.CHAIN: canonical_json(_chain(book, found)),
        "verify.py": verifier_source(),
    }
    if opened is not None:
        made["names.json"] = canonical_json(people)
        made["opened.json"] = canonical_json({str(seq): part for seq, part in opened.parts.items()})
    said = {"events": len(found.entries), "has_names": people is not None, "head": _head(found)}
    return made, said


def _present(book: Book, subject: Subject) -> Then:
    return Then(book.reads, book.pasts, book.tenant_id, book.until.seq + 1, subject.id, book.as_of)


def _line(entry: Entry, *, is_open: bool) -> bytes:
    """An event as it was hashed: the envelope's own bytes, and the body's."""
    row = entry.row
    is_withheld = not is_open and _names_somebody(entry)
    sealed = None if row["pii"] is None else base64.b64encode(bytes(row["pii"])).decode()
    line = {
        "seq": entry.seq,
        "envelope": canonical_json(envelope_of(row)).decode(),
        "payload_digest": row["payload_digest"],
        "prev_hash": row["prev_hash"],
        "event_hash": row["event_hash"],
        "body": None if is_withheld else {"payload": row["payload"], "sealed": sealed},
        "withheld": _WITHHELD if is_withheld else None,
    }
    return canonical_json(line) + b"\n"


def _names_somebody(entry: Entry) -> bool:
    """Whether the clear part holds a keyed hash; or, as events of before did, a name."""
    clear: dict[str, Any] = msgspec.json.decode(entry.row["payload"])
    is_old = entry.told.schema_version < EVENTS[entry.told.event_type].version
    return not HASHES.isdisjoint(clear) or (is_old and entry.told.stream_id.startswith("patient-"))


def _chain(book: Book, found: Gathered) -> dict[str, Any]:
    """Where the events stand: which of them follow each other, which streams are whole, where the chain ended."""
    runs: list[list[int]] = []
    parts: dict[str, list[int]] = {}
    for entry in found.entries:
        if runs and runs[-1][1] == entry.seq - 1:
            runs[-1][1] = entry.seq
        else:
            runs.append([entry.seq, entry.seq])
        if entry.told.stream_id not in found.whole:
            parts.setdefault(entry.told.stream_id, []).append(entry.told.stream_version)
    return {
        "tenant_id": book.tenant_id,
        "head": _head(found),
        "runs": runs,
        "whole_streams": found.whole,
        "parts_of_streams": parts,
    }


def _head(found: Gathered) -> dict[str, Any]:
    return {"seq": found.head.seq, "event_hash": found.head.event_hash}


def _documents(book: Book, entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """What the events say of papers and files: never the paper itself."""
    rows = []
    for entry in entries:
        clear = clear_part(entry.row, book.pasts)
        named = {name: value for name, value in clear.items() if name.endswith(_PAPERS) and value is not None}
        if named:
            about = {"seq": entry.seq, "event_type": entry.told.event_type, "stream_id": entry.told.stream_id}
            rows.append({**about, "sealed": sealed_part(entry.row, book.vault), "documents": named})
    return rows
