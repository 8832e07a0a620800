"""The timeline of a pack as a page: to read, print and file, with nothing in it that would have to be fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from event_store.audit.history import Initiated, Timeline
from event_store.audit.policies import PolicyShown
from event_store.causation import Link
from mymedic.money import rupees_display

_STYLE = (
    "body{font:14px/1.5 sans-serif;margin:2em auto;max-width:70em;padding:0 1em}table{border-collapse:collapse}"
    "td,th{border-bottom:1px solid #ccc;padding:.2em .8em;text-align:left;vertical-align:top}"
    "td.n{text-align:right;white-space:nowrap}code{overflow-wrap:anywhere}"
)


def timeline_page(
    found: Timeline, initiated: Sequence[Initiated], policies: Sequence[PolicyShown], names: dict[str, Any] | None
) -> str:
    """One row per event; policies in words; names only where a glass was broken for them."""
    subject = f"{found.subject.kind} {found.subject.id}"
    behind = {row.seq: row.initiator for row in initiated}
    rows = [
        _row(
            row.seq,
            f"{row.occurred_at:%Y-%m-%d %H:%M:%S} UTC",
            row.what,
            "" if row.amount_paise is None else rupees_display(row.amount_paise),
            row.actor.id,
            _who(behind.get(row.seq)),
            row.stream_id,
            row.pii or "",
        )
        for row in found.rows
    ]
    heads = ("seq", "happened", "what", "amount", "sent by", "initiated by", "stream", "sealed part")
    parts = [
        f"<!doctype html>\n<html lang=en><meta charset=utf-8><title>{escape(subject)}</title><style>{_STYLE}</style>",
        f"<h1>{escape(subject)} of {escape(found.tenant_id)}</h1>",
        f"<p>As known at {found.as_of:%Y-%m-%d %H:%M:%S} UTC, up to seq {found.head.seq} of the log, whose chain hash"
        f" there is <code>{found.head.event_hash}</code>. What proves each row is in <code>events.jsonl</code>.</p>",
        *_people(names),
        f"<table><tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>",
        *rows,
        "</table>",
        "<h2>Policies</h2>",
    ]
    for policy in policies:
        parts.append(f"<h3>{escape(policy.policy_version_id)}, {escape(policy.kind)} ({escape(policy.scope)})</h3>")
        parts.append(f"<p>{'<br>'.join(escape(sentence) for sentence in policy.text)}</p>")
    return "\n".join([*parts, "</html>\n"])


def _people(names: dict[str, Any] | None) -> list[str]:
    if names is None:
        return ["<p>Pseudonymous: it holds ids and no name.</p>"]
    rows = [_row("", id, one["name"] or "[erased]", one["phone_e164"] or "[erased]") for id, one in names.items()]
    return ["<h2>People</h2><table><tr><th></th><th>id</th><th>name</th><th>phone</th></tr>", *rows, "</table>"]


def _row(number: Any, *cells: str) -> str:
    return f"<tr><td class=n>{number}</td>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _who(link: Link | None) -> str:
    if link is None:
        return "a timer"
    return f"{link.actor.id} ({link.actor.type}, {link.channel})" if link.actor else link.id
