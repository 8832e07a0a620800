"""The route of reconciliation items: what the warehouse has matched, with what people have said of it since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import QueryParameter
from msgspec import Struct

from event_store.api.identity import Bearer
from event_store.api.watching import seen_of
from mymedic.errors import Refused
from mymedic.messages import ID_PATTERN, Id, Role
from projections import reconciliation
from projections.api.console import SURFACE
from projections.api.cursor import fingerprint, packed, unpacked
from projections.api.query import MOST_IDS
from projections.api.reach import branches_of
from projections.api.reading import Page
from projections.api.routes import SHARED, off_the_loop, require_parameters, response, route
from projections.api.views import Views, standing
from projections.api.waiting import Horizons
from projections.reconciled import HyperStatus, ItemFilter, ReconItem, reconciliation_items

PATH, NAME = "/v1/console/reconciliation", "ListReconciliationItems"
READERS: frozenset[Role] = frozenset({"FN", "CM", "AU", "EN"})
ABOUT = (
    "Payments, settlement lines and bank lines as the last published build has matched them, each with what people have"
    " said of it since; by business date. `hyper_status` is how it stands now, `open_paise` what is still undecided."
)


def _word(name: str, meaning: str) -> Any:
    return Annotated[
        str | None, QueryParameter(name=name, min_length=1, max_length=64, pattern=ID_PATTERN, description=meaning)
    ]


_TAKEN: dict[str, tuple[Any, Any]] = {
    "branch_id": (
        Annotated[list[Id] | None, QueryParameter(max_items=MOST_IDS, description="only items of these branches")],
        None,
    ),
    "gateway": (_word("gateway", "only items of this gateway"), None),
    "leg": (_word("leg", "only items of this leg"), None),
    "class_": (_word("class", "only items of this class"), None),
    "status": (
        Annotated[list[HyperStatus] | None, QueryParameter(description="only items that stand so now")],
        None,
    ),
    "from_date": (Annotated[date | None, QueryParameter(description="only business dates from this day on")], None),
    "to_date": (Annotated[date | None, QueryParameter(description="only business dates up to this day")], None),
    **SHARED,
}


FILTERS = tuple(name.rstrip("_") for name in _TAKEN if name not in SHARED)


class ReconItems(Struct, frozen=True, kw_only=True):
    """A page of reconciliation items. `as_of_seq` is how far what people have said goes."""

    as_of_seq: int
    items: list[ReconItem]
    next_cursor: str | None


def items_route(views: Views, horizons: Horizons) -> HTTPRouteHandler:
    """`GET /v1/console/reconciliation`."""

    async def answer(request: Request[Any, Any, Any], **said: Any) -> Response[Any]:
        require_parameters(request, (), _TAKEN)
        bearer = request.state.bearer
        projections = (reconciliation.PROJECTION,)
        await horizons.require(bearer.tenant_id, projections, said["after_seq"], said["wait_ms"] / 1000)
        page = await off_the_loop(_read, views, bearer, said)
        seen_of(request).outcome = "answered"
        return response(page, said["if_none_match"])

    return route(PATH, NAME, SURFACE, "Reconciliation items", ABOUT, _TAKEN, answer, ReconItems)


def _read(views: Views, bearer: Bearer, said: Mapping[str, Any]) -> Page:
    asked = {name: value for name, value in said.items() if name in _TAKEN and name not in SHARED and value is not None}
    with views.truth(bearer.tenant_id) as (view, now):
        branches = branches_of(READERS, view, bearer.actor, asked.get("branch_id", ()))
    question = fingerprint(NAME, asked)
    offset, limit = _offset(said["cursor"], question), said["limit"]
    wanted = ItemFilter(
        branch_ids=branches,
        gateway=said["gateway"],
        leg=said["leg"],
        class_=said["class_"],
        since=said["from_date"],
        until=said["to_date"],
        status=tuple(said["status"]) if said["status"] is not None else None,
        limit=limit + 1,
        offset=offset,
    )
    with views.database.read(bearer.tenant_id) as reader:
        generation, seq = standing(reader, reconciliation.PROJECTION)
        found = reconciliation_items(views.published, reader, generation, now.today, wanted)
    following = packed(question, [offset + limit]) if len(found) > limit else None
    return Page(found[:limit], following, seq, generation)


def _offset(cursor: str | None, question: str) -> int:
    """Items are those of one published file, so a page is found by its number."""
    if cursor is None:
        return 0
    (offset,) = unpacked(cursor, question, ("offset",), reconciliation.ReconResolution)
    if offset < 0:
        raise Refused("VALIDATION_FAILED", "this cursor was not given for this question", field="cursor")
    return int(offset)
