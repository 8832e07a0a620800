"""One route per question, made from its declaration: parameters, their checks, and the schema of the answer."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, get_origin

import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import HeaderParameter, QueryParameter
from msgspec import Struct

from event_store.api.asking import require_known
from event_store.api.commands import REFUSALS
from event_store.api.examples import full_example
from event_store.api.watching import seen_of
from mymedic.messages import ID_PATTERN, Id
from projections.api.cursor import LONGEST
from projections.api.query import MOST_IDS, Filter, Query, answer_struct
from projections.api.reading import LIMIT, USUAL, Page, Question, read_page
from projections.api.views import Views
from projections.api.waiting import Horizons

PATIENCE_MS, MOST_PATIENCE_MS = 2_000, 10_000
REFUSED = {status: REFUSALS[status] for status in (401, 403, 404, 429)} | {
    422: ResponseSpec(
        data_container=REFUSALS[422].data_container,
        description="a parameter is none, or unknown",
        media_type="application/problem+json",
    ),
    503: ResponseSpec(
        data_container=REFUSALS[503].data_container,
        description="the view does not have `after_seq` yet, or cannot be read; ask again",
        media_type="application/problem+json",
    ),
}

AfterSeq = Annotated[
    int | None,
    QueryParameter(ge=0, le=2**53, description="the `last_seq` of an acknowledgement: the answer has it"),
]
WaitMs = Annotated[
    int,
    QueryParameter(
        ge=0, le=MOST_PATIENCE_MS, description="how long to wait for `after_seq`; then NOT_YET_VISIBLE, ask again"
    ),
]
IfNoneMatch = Annotated[
    str | None, HeaderParameter(name="If-None-Match", max_length=200, description="the `ETag` of what the caller has")
]
Include = Annotated[
    Literal["names"] | None,
    QueryParameter(description="`names`: `patient_display` and `patient_phone`, for whoever may see them"),
]
Justification = Annotated[
    str | None,
    HeaderParameter(
        name="X-Justification", max_length=500, description="why an auditor reads names; it stands in the log"
    ),
]
# Python name -> (type, default), as every question takes them.
SHARED: dict[str, tuple[Any, Any]] = {
    "limit": (
        Annotated[int, QueryParameter(ge=1, le=LIMIT, description="rows of a page at most")],
        USUAL,
    ),
    "cursor": (
        Annotated[str | None, QueryParameter(max_length=LONGEST, description="the `next_cursor` of the page before")],
        None,
    ),
    "after_seq": (AfterSeq, None),
    "wait_ms": (WaitMs, PATIENCE_MS),
    "if_none_match": (IfNoneMatch, None),
}
NAMED: dict[str, tuple[Any, Any]] = {"include": (Include, None), "justification": (Justification, None)}
HEADERS = frozenset({"if_none_match", "justification", "last_event_id"})


def query_route(query: Query, views: Views, horizons: Horizons) -> HTTPRouteHandler:
    """`GET` of one question."""
    taken = parameters_of(query)

    async def answer(request: Request[Any, Any, Any], **said: Any) -> Response[Any]:
        require_parameters(request, query.filters, taken)
        bearer = request.state.bearer
        await horizons.require(bearer.tenant_id, query.projections, said["after_seq"], said["wait_ms"] / 1000)
        question = Question(
            query=query,
            filters=said_of(query, said),
            order=said["order"],
            limit=said["limit"],
            cursor=said["cursor"],
            with_names=said.get("include") == "names",
            justification=said.get("justification"),
        )
        page = await off_the_loop(read_page, views, bearer, question)
        seen_of(request).outcome = "answered"
        more = (
            {"changes_cursor": query.follow(question.filters, page.generation, page.as_of_seq)} if query.follow else {}
        )
        return response(page, said["if_none_match"], is_private=question.with_names, **more)

    return route(query.path, query.name, query.surface, query.title, query.about, taken, answer, page_struct(query))


async def off_the_loop(read: Callable[..., Any], *arguments: Any) -> Any:
    """Databases answer on other threads: nobody else's request waits."""
    import asyncio

    return await asyncio.to_thread(read, *arguments)


def parameters_of(query: Query) -> dict[str, tuple[Any, Any]]:
    """Python name -> (annotated type, default) of everything that may be said to a question."""
    filters = {
        _python_name(one.name): (
            Annotated[one.annotation | None, QueryParameter(name=one.name, description=one.meaning, **_held_to(one))],
            None,
        )
        for one in query.filters
    }
    names = tuple(query.orders)
    order = Annotated[
        Literal[names],  # type: ignore[valid-type]
        QueryParameter(description="what rows are ordered by; then by their key"),
    ]
    return filters | {"order": (order, names[0])} | SHARED | (NAMED if query.has_people else {})


def route(
    path: str,
    name: str,
    surface: str,
    title: str,
    about: str,
    taken: Mapping[str, tuple[Any, Any]],
    answer: Callable[..., Any],
    struct: type[Struct],
) -> HTTPRouteHandler:
    """A handler whose signature is made, as if it had been written out."""
    shown = {"request": Request[Any, Any, Any]} | {one: annotation for one, (annotation, _) in taken.items()}
    positional = inspect.Parameter.KEYWORD_ONLY
    answer.__annotations__ = {**shown, "return": Response[struct]}  # type: ignore[valid-type]
    answer.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter("request", positional, annotation=shown["request"]),
            *(
                inspect.Parameter(one, positional, annotation=annotation, default=default)
                for one, (annotation, default) in taken.items()
            ),
        ],
        return_annotation=Response[struct],  # type: ignore[valid-type]
    )
    answer.__name__ = name
    given = ResponseSpec(
        data_container=struct,
        generate_examples=False,
        description="what was asked for, as of `as_of_seq`",
        examples=[Example(value=full_example(struct))],
    )
    return get(
        path=path,
        tags=[surface],
        summary=title,
        description=about,
        operation_id=name,
        responses={200: given, **REFUSED},
        opt={"word": name},
    )(answer)


def said_of(query: Query, said: Mapping[str, Any]) -> dict[str, Any]:
    """Parameter -> what was asked for, of the filters that were given."""
    return {one.name: value for one in query.filters if (value := said[_python_name(one.name)]) is not None}


def _held_to(one: Filter) -> dict[str, Any]:
    """What the framework does not see inside of a type that may be absent."""
    if one.annotation is Id:
        return {"min_length": 3, "max_length": 64, "pattern": ID_PATTERN}
    return {"max_items": MOST_IDS} if get_origin(one.annotation) in (list, Annotated) else {}


def _python_name(name: str) -> str:
    """The framework has a `state` of its own."""
    return "state_" if name == "state" else name


def require_parameters(request: Request[Any, Any, Any], filters: Sequence[Filter], taken: Mapping[str, Any]) -> None:
    """VALIDATION_FAILED for what the question does not take."""
    known = {one.name for one in filters} | {name.rstrip("_") for name in set(taken) - HEADERS}
    require_known(request.query_params, known)


def page_struct(query: Query) -> type[Struct]:
    """The answer of a question, for its documentation."""
    row = answer_struct(query)
    fields: list[Any] = [("as_of_seq", int), ("items", list[row]), ("next_cursor", str | None)]  # type: ignore[valid-type]
    if query.follow is not None:
        fields.append(("changes_cursor", str))
    made = msgspec.defstruct(query.name, fields, frozen=True, kw_only=True)
    made.__doc__ = f"A page of {row.__doc__}"
    return made


def response(page: Page, known: str | None, *, is_private: bool = False, **more: str) -> Response[Any]:
    """The page; or 304 when the caller has the same rows already, whatever else has happened since."""
    rows = msgspec.json.encode({"items": page.items, "next_cursor": page.next_cursor})
    headers = {"X-As-Of-Seq": str(page.as_of_seq)}
    if is_private:
        headers["Cache-Control"] = "no-store"
    else:
        etag = f'"{hashlib.sha256(rows).hexdigest()[:32]}"'
        headers |= {"ETag": etag, "Cache-Control": "private, no-cache"}
        if known is not None and etag in [one.strip().removeprefix("W/") for one in known.split(",")]:
            return Response(content=None, status_code=304, headers=headers)
    head = msgspec.json.encode({"as_of_seq": page.as_of_seq, **more})
    return Response(content=head[:-1] + b"," + rows[1:], media_type="application/json", headers=headers)
