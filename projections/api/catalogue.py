"""Every question that the live views are asked, and the routes that answer them."""

from __future__ import annotations

from litestar.handlers import HTTPRouteHandler

from projections.api import console, phone, portal
from projections.api.following import changes_route, stream_route
from projections.api.query import Query
from projections.api.reconciling import items_route
from projections.api.routes import query_route
from projections.api.views import Views
from projections.api.waiting import Horizons

QUERIES: tuple[Query, ...] = (*portal.QUERIES, *phone.QUERIES, *console.QUERIES)


def query_routes(views: Views) -> list[HTTPRouteHandler]:
    """The routes over one read database; to be put behind whatever asks who the caller is."""
    horizons = Horizons(views)
    return [
        *(query_route(query, views, horizons) for query in QUERIES),
        changes_route(views, horizons),
        stream_route(views, horizons),
        items_route(views, horizons),
    ]
