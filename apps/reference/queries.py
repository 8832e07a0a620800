"""The page of questions to the live views, from their declarations."""

from __future__ import annotations

from msgspec import Struct, inspect

from apps.reference.messages import ROLE_NAMES
from apps.reference.wording import fields, word
from projections.api import phone, reconciling
from projections.api.catalogue import QUERIES
from projections.api.query import Query, answer_struct
from projections.api.reading import LIMIT, USUAL
from projections.api.routes import MOST_PATIENCE_MS, PATIENCE_MS
from projections.reconciled import ReconItem

_WHOSE = {
    "somebody": "Patients see their own rows, doctors theirs, others those of their branches.",
    "branch": "Who has some of the branches sees those of them; others see all.",
    "nobody": "Whoever may ask sees all.",
}


def queries_page() -> str:
    """One section per surface, one paragraph and two tables per question."""
    lines = [
        "# Questions to the live views",
        "",
        "`GET` with `Authorization: Bearer <token>`; see `/schema/openapi.json` of a server, and",
        "[How to read the live views](../how-to/read-the-live-views.md).",
        "",
        f"Every question takes `limit` (1 to {LIMIT}, usually {USUAL}), `order`, `cursor` (the `next_cursor` of the",
        "page before), `after_seq` (the `last_seq` of an acknowledgement: the answer has it) with `wait_ms` (up to",
        f"{MOST_PATIENCE_MS}, usually {PATIENCE_MS}; then `NOT_YET_VISIBLE`), and the header `If-None-Match`. Where",
        "there are patients, `include=names` adds `patient_display` and `patient_phone` for whoever may see them; an",
        "auditor says why in `X-Justification`, and it stands in the log. Every answer says `as_of_seq`, the last",
        "event that it has.",
        "",
        "A filter may be given several times where its type is a list. An unknown parameter is refused.",
        "",
        f"Roles: {', '.join(f'`{code}` {name}' for code, name in ROLE_NAMES.items())}.",
        "",
    ]
    for surface in dict.fromkeys(query.surface for query in QUERIES):
        lines += [f"## {surface.capitalize()}", ""]
        for query in (*QUERIES, phone.CHANGES):
            if query.surface == surface:
                lines += _section(query)
    lines += ["### Reconciliation items", "", f"`GET {reconciling.PATH}`. {reconciling.ABOUT}", ""]
    roles = ", ".join(f"`{role}`" for role in ROLE_NAMES if role in reconciling.READERS)
    lines += [f"For {roles}. Filters: {', '.join(f'`{one}`' for one in reconciling.FILTERS)}.", ""]
    lines += _columns(ReconItem)
    return "\n".join(lines)


def _section(query: Query) -> list[str]:
    roles = ", ".join(f"`{role}`" for role in ROLE_NAMES if role in query.readers)
    lines = [
        f"### {query.title}",
        "",
        f"`GET {query.path}`. {query.about}",
        "",
        f"For {roles}. {_WHOSE[query.belongs_to]} Orders: {', '.join(f'`{one}`' for one in query.orders)}.",
        "",
        "| filter | type | meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{one.name}` | {word(inspect.type_info(one.annotation))} | {one.meaning} |" for one in query.filters]
    return [*lines, "", *_columns(answer_struct(query))]


def _columns(struct: type[Struct]) -> list[str]:
    rows = [f"| `{one.encode_name}` | {word(one.type)} |" for one in fields(struct)]
    return ["| column | type |", "|---|---|", *rows, ""]
