"""Integer paise: rounding, splitting, reading and showing. No float ever touches money."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mymedic.errors import Refused

_PAISE = re.compile(r"(-?\d+) paise")
_DECIMAL = re.compile(r"([+-]?)([0-9]{1,15})(?:\.([0-9]{1,2}))?")
# Lakh grouping (1,23,456.78) or thousands (123,456.78): the commas stand where they cannot be decimal marks.
_GROUPED = re.compile(r"[+-]?(?:[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]{1,2})?")


def round_half_up(numerator: int, denominator: int) -> int:
    """`numerator / denominator` rounded half up, for non-negative integers."""
    return (2 * numerator + denominator) // (2 * denominator)


def share_bps(amount_paise: int, bps: int) -> int:
    """`bps` basis points of an amount, rounded half up."""
    return round_half_up(amount_paise * bps, 10_000)


def tax_inside(total_paise: int, gst_bps: int) -> tuple[int, int]:
    """(net, gst) of a tax-inclusive total (R-GST-1); the gst is a subtraction, never a second rounding."""
    net = round_half_up(total_paise * 10_000, 10_000 + gst_bps)
    return net, total_paise - net


def split(total_paise: int, weights: Sequence[int]) -> list[int]:
    """Split a total over weights by largest remainder, ties to the lowest index; the parts add up exactly."""
    whole = sum(weights)
    if whole <= 0:
        raise ValueError("weights must add up to more than zero")
    parts = [total_paise * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(total_paise * weights[i] % whole), i))
    for index in by_remainder[: total_paise - sum(parts)]:
        parts[index] += 1
    return parts


def paise_from_rupees(text: str) -> int:
    """Exact paise of a decimal rupee text such as `1499.50` or `1,23,456.78`; more decimals are FILE_BAD_AMOUNT."""
    plain = text.strip()
    match = _DECIMAL.fullmatch(plain.replace(",", "") if _GROUPED.fullmatch(plain) else plain)
    if match is None:
        shown = text[:80]
        raise Refused("FILE_BAD_AMOUNT", f"{shown!r} is not an amount in rupees with at most two decimals", value=shown)
    sign, whole, fraction = match.groups()
    paise = int(whole) * 100 + int((fraction or "0").ljust(2, "0"))
    return -paise if sign == "-" else paise


def rupees_text(paise: int) -> str:
    """`1234.50`: plain decimal rupees, for files."""
    sign = "-" if paise < 0 else ""
    return f"{sign}{abs(paise) // 100}.{abs(paise) % 100:02d}"


def rupees_display(paise: int) -> str:
    """`₹12,34,567.50`: rupees in lakh grouping, for people."""
    whole = str(abs(paise) // 100)
    head, tail = whole[:-3], whole[-3:]
    groups: list[str] = []
    while head:
        groups.insert(0, head[-2:])
        head = head[:-2]
    sign = "-" if paise < 0 else ""
    return f"{sign}₹{','.join([*groups, tail])}.{abs(paise) % 100:02d}"


def in_rupees(sentence: str) -> str:
    """A sentence for programs counts paise; a person reads rupees."""
    return _PAISE.sub(lambda found: rupees_display(int(found[1])), sentence)
