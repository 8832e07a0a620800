"""What a border found out about one rule."""

from __future__ import annotations

from msgspec import Struct


class BorderResult(Struct, frozen=True):
    """One rule over one frame. `subject` is `landing/<aggregate>` or `exports/<surface>`; `seen` counts its rows."""

    subject: str
    name: str
    passed: bool
    seen: int
    detail: str = ""
