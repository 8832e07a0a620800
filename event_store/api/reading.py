"""Reading a command off the wire: strict JSON into its Struct, and the place of what is wrong with it."""

from __future__ import annotations

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
        decode: Callable[[bytes], Any] = self.route_handler.opt["decode"]
        try:
            return decode(body)
        except _UNREADABLE as error:
            raise _refusal(error) from error


def _refusal(error: Exception) -> Refused:
    """`field` is a path like `lines[0].qty`; without it, the whole body is meant."""
    if isinstance(error, RecursionError):
        return Refused("VALIDATION_FAILED", "the body is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Refused("VALIDATION_FAILED", "the body is not UTF-8")
    text, _mark, place = str(error).partition(" - at `")
    path = [place.rstrip("`").removeprefix("$").removeprefix("."), *_NAMED.findall(text)]
    return Refused("VALIDATION_FAILED", text, field=".".join(filter(None, path)) or None)


def require_json(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Refuse what says of itself that it is no JSON. Without a Content-Type, JSON is what it can only be."""
    media_type, _mark, parameters = connection.headers.get("Content-Type", "application/json").partition(";")
    charset = parameters.partition("charset=")[2].strip(' "').lower() or "utf-8"
    if media_type.strip().lower() != "application/json" or charset not in ("utf-8", "utf8"):
        raise Refused("MEDIA_TYPE_UNSUPPORTED", "commands are application/json in UTF-8")
