"""What may be asked of a branch."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from event_store.aggregates.branch.events import Gstin, OpenHours, Pincode
from mymedic.messages import Command, Id, Text


class RegisterBranch(Command, frozen=True, kw_only=True):
    """C03. Without `branch_id` a new id is made."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    name: Text
    city_id: Id
    pincode: Pincode
    opened_on: date
    open_hours: tuple[OpenHours, ...]
    hfr_id: Text | None = None
    gstin: Gstin | None = None
    branch_id: Id | None = None


class UpdateBranch(Command, frozen=True, kw_only=True):
    """C04."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    branch_id: Id
    name: Text | None = None
    city_id: Id | None = None
    open_hours: tuple[OpenHours, ...] | None = None
    effective_on: date


class CloseBranch(Command, frozen=True, kw_only=True):
    """C05."""

    who: ClassVar[frozenset[str]] = frozenset({"CM"})
    branch_id: Id
    closed_on: date
    reason: Text
