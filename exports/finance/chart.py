"""A bar chart as inline SVG: no script, no font of its own, the same bytes for the same figures."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from exports.finance.shown import Bar

_LABEL, _PLOT, _TEXT, _STEP, _HEIGHT = 210, 460, 130, 22, 14
_WIDTH = _LABEL + _PLOT + _TEXT
_LONGEST = 32


def bar_chart(title: str, bars: Sequence[Bar]) -> str:
    """Horizontal bars from a common zero; what is below it goes to the left and is drawn in another colour."""
    lowest = min(0.0, *(bar.value for bar in bars))
    highest = max(0.0, *(bar.value for bar in bars))
    span = (highest - lowest) or 1.0
    zero = _LABEL + _PLOT * -lowest / span
    height = _STEP * len(bars) + 10
    drawn = "".join(_drawn(bar, index, zero, span) for index, bar in enumerate(bars))
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH} {height}" width="100%" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{escape(title)}</title>{drawn}"
        f'<line x1="{zero:.1f}" y1="0" x2="{zero:.1f}" y2="{height}" class="axis"/></svg>'
    )


def _drawn(bar: Bar, index: int, zero: float, span: float) -> str:
    top = 5 + _STEP * index
    length = abs(bar.value) / span * _PLOT
    left = zero if bar.value >= 0 else zero - length
    middle = top + _HEIGHT - 2
    label = bar.label if len(bar.label) <= _LONGEST else f"{bar.label[: _LONGEST - 1]}…"
    kind = "bar" if bar.value >= 0 else "bar below"
    return (
        f'<text x="{_LABEL - 8}" y="{middle}" text-anchor="end">{escape(label)}</text>'
        f'<rect x="{left:.1f}" y="{top}" width="{max(length, 0.5):.1f}" height="{_HEIGHT}" class="{kind}"/>'
        f'<text x="{max(zero, left + length) + 6:.1f}" y="{middle}">{escape(bar.text)}</text>'
    )
