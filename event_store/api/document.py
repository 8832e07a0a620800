"""The OpenAPI document, without what the framework gets wrong about lists."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import OpenAPI


class _Document(OpenAPI):
    def to_schema(self) -> dict[str, Any]:
        mended: dict[str, Any] = _mended(super().to_schema())
        return mended


@dataclass
class DocumentConfig(OpenAPIConfig):
    """Of `Annotated[tuple[X, ...], …]` Litestar says that an item is one of anything and X, which no X satisfies."""

    def to_openapi_schema(self) -> OpenAPI:
        made = super().to_openapi_schema()
        return _Document(**{field.name: getattr(made, field.name) for field in fields(made)})


def _mended(node: Any) -> Any:
    if isinstance(node, list):
        return [_mended(one) for one in node]
    if not isinstance(node, dict):
        return node
    mended = {key: _mended(value) for key, value in node.items()}
    one_of = mended.get("oneOf", [])
    if {} in one_of and len(one_of) == 2:
        (only,) = [one for one in one_of if one != {}]
        return only
    return mended
