"""Reading a command off the wire: strict JSON into its Struct, and the place of what is wrong with it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from mymedic.errors import Refused

_NAMED = re.compile(r"(?:missing required|contains unknown) field `([^`]*)`")
# What else a decoder raises: for nesting without end, and for bytes that are no UTF-8.
_UNREADABLE = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)


class CommandRequest(Request[Any, Any, Any]):
    """A request whose body is the command of its route. Nothing is coerced: "40000" is no amount, nor is 40000.0."""

    async def json(self) -> Any:
        body = await self.body()
        return read(body, self.route_handler.opt["decode"])


def read(body: bytes, decode: Callable[[bytes], Any]) -> Any:
    """What a decoder makes of strict JSON; VALIDATION_FAILED with the place of what is wrong."""
    try:
        read = decode(body)
        json.loads(body, object_pairs_hook=_once, parse_int=_unread, parse_float=_unread)
    except _UNREADABLE as error:
        raise unreadable(error) from error
    return read


def _once(pairs: list[tuple[str, Any]]) -> Any:
    """An object whose keys are each there once. RFC 8259 leaves open which of two values counts, so readers differ:
    what a proxy has let pass might not be what is done here.
    """
    if len(pairs) > 1 and len({key for key, _ in pairs}) < len(pairs):
        keys = [key for key, _ in pairs]
        field = next(key for key in keys if keys.count(key) > 1)
        raise Refused("VALIDATION_FAILED", "the key is there twice", field=field)
    return None


def _unread(_: str) -> None:
    """Numbers were looked at by the decoder; a number of a million digits need not become one."""


def unreadable(error: Exception) -> Refused:
    """`field` is a path like `lines[0].qty`; without it, the whole body is meant."""
    if isinstance(error, RecursionError):
        return Refused("VALIDATION_FAILED", "the body is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Refused("VALIDATION_FAILED", "the body is not UTF-8")
    text, _mark, place = str(error).partition(" - at `")
    path = [place.rstrip("`").removeprefix("$").removeprefix("."), *_NAMED.findall(text)]
    return Refused("VALIDATION_FAILED", text, field=".".join(filter(None, path)) or None)


async def require_json(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse what says of itself that it is no JSON. Without a Content-Type, JSON is what it can only be.

    A coroutine, because Litestar runs a plain guard in another thread, for every request.
    """
    media_type, _mark, parameters = connection.headers.get("Content-Type", "application/json").partition(";")
    charset = parameters.partition("charset=")[2].strip(' "').lower() or "utf-8"
    if media_type.strip().lower() != "application/json" or charset not in ("utf-8", "utf8"):
        raise Refused("MEDIA_TYPE_UNSUPPORTED", "commands are application/json in UTF-8")
