"""The signed settlement statement of a closed month: its bytes follow from the log, so it can be made again.

Three files: the figures as canonical JSON, the same for a reader, and the signature over the sha256 of both.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from apps.closing.figures import SECTIONS, figures, sums
from apps.closing.rendering import rendered
from apps.closing.signed import Signed
from event_store.retention.keys import Vault
from event_store.retention.signing import is_signed, public_key, signature
from exports.warehouse import opened
from mymedic.errors import Refused
from mymedic.messages import canonical_json

SIGNATURE = ".signature.json"


class Verdict(NamedTuple):
    """`problems` is empty when nothing of the statement has changed since it was signed."""

    tenant_id: str
    month: str
    public_key: str
    files: list[str]
    problems: list[str]


def statement(warehouse: Path, signed: Signed, vault: Vault) -> dict[str, bytes]:
    """The files of a statement by name."""
    with opened(warehouse) as connection:
        sections = figures(connection, signed.month)
        (name,) = connection.execute("SELECT name FROM dim_tenant").fetchall()
    run = signed.run
    document: dict[str, Any] = {
        "document": "settlement statement",
        "tenant_id": signed.tenant_id,
        "tenant_name": name[0],
        "month": signed.month,
        "currency": "INR",
        "known_up_to": {"as_of": run.as_of, "seq": run.input_seq, "chain_hash": run.input_hash},
        "run": {"run_id": run.run_id, "debits_paise": run.debits_paise, "credits_paise": run.credits_paise},
        "trial_balance_hash": run.trial_balance_hash,
        "closed": {
            "by": signed.closed_by,
            "at": signed.close.recorded_at,
            "seq": signed.close.seq,
            "event_id": signed.close.event_id,
        },
        "sections": sections,
        "sums": {section.name: sums(section, sections[section.name]) for section in SECTIONS},
    }
    stem = f"settlement-{signed.month}"
    data = canonical_json(document) + b"\n"
    files = {f"{stem}.json": data, f"{stem}.txt": rendered(msgspec.json.decode(data)).encode()}
    said = {
        "algorithm": "Ed25519",
        "tenant_id": signed.tenant_id,
        "month": signed.month,
        "public_key": public_key(vault, signed.tenant_id),
        "files": {name: sha256(content).hexdigest() for name, content in files.items()},
    }
    said["signature"] = signature(vault, signed.tenant_id, canonical_json(said))
    return {**files, f"{stem}{SIGNATURE}": canonical_json(said) + b"\n"}


def written(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """The files, written into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files]


def verified(path: Path, known_key: str | None) -> Verdict:
    """Whether a statement is as it was signed. `path` is one of its files; the others lie beside it.

    `known_key` is the key that it must be signed with; without one only the files are held against the signature.
    """
    stem = path.name.removesuffix(SIGNATURE).removesuffix(".json").removesuffix(".txt")
    found = path.with_name(stem + SIGNATURE)
    if not found.is_file():
        raise Refused("NOT_FOUND", f"there is no {found.name} beside it", file=str(path))
    try:
        said = msgspec.json.decode(found.read_bytes(), type=dict[str, Any])
        key, signed_files, signed_with = said["public_key"], dict(said["files"]), said.pop("signature")
    except (msgspec.MsgspecError, KeyError, TypeError, ValueError) as error:
        raise Refused("SIGNATURE_INVALID", f"{found.name} is no signature", file=found.name) from error
    problems = []
    if not is_signed(str(key), str(signed_with), canonical_json(said)):
        problems.append(f"{found.name}: the signature is not of this text")
    if known_key is not None and key != known_key:
        problems.append(f"{found.name}: signed with another key than that of {said.get('tenant_id')}")
    for name, digest in sorted(signed_files.items()):
        file = found.with_name(Path(name).name)
        if not file.is_file():
            problems.append(f"{name} is missing")
        elif sha256(file.read_bytes()).hexdigest() != digest:
            problems.append(f"{name} is not what was signed")
    return Verdict(str(said.get("tenant_id")), str(said.get("month")), str(key), sorted(signed_files), problems)
