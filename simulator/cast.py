"""Who and what there is in the make-believe world, as the simulator itself knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from event_store.aggregates.tenant.events import ServiceKind
from mymedic.ids import derived_id
from mymedic.messages import Actor, Role
from simulator.profile import BranchRow, CityRow, SpecialtyRow, TenantRow


@dataclass(slots=True, eq=False)
class Slot:
    """A time with `free` tokens left; `was_freed` once somebody gave a token back.

    `blocked_minutes` of it nobody can be seen; `is_retired`: it is offered no more.
    """

    id: str
    sitting: Sitting
    start_at: datetime
    end_at: datetime
    mode: str
    capacity: int
    free: int
    was_freed: bool = False
    blocked_minutes: int = 0
    is_retired: bool = False

    @property
    def minutes(self) -> int:
        return (self.end_at - self.start_at) // timedelta(minutes=1)


@dataclass(slots=True, eq=False)
class Practitioner:
    id: str
    name: str
    specialty: SpecialtyRow
    actor: Actor


@dataclass(slots=True, eq=False)
class Sitting:
    """A practitioner's schedule at a branch, and its slots by day."""

    id: str
    practitioner: Practitioner
    branch: Branch
    sessions: str
    slots: dict[date, list[Slot]] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Person:
    """A patient. `visits`, `advices` and `followups` are all of theirs, whatever became of them."""

    id: str
    name: str
    actor: Actor
    registered_on: date
    is_child: bool = False
    visits: list = field(default_factory=list)
    advices: list = field(default_factory=list)
    followups: list = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Branch:
    id: str
    key: str
    index: int
    row: BranchRow
    city: CityRow
    front_desk: Actor
    second_desk: Actor
    sittings: list[Sitting] = field(default_factory=list)
    people: list[Person] = field(default_factory=list)
    closed_on: date | None = None

    def is_open(self, on: date, first_day: date) -> bool:
        """Whether the branch is open on a day of a run that began on `first_day`."""
        day = (on - first_day).days + 1
        return self.row.opens_on_day <= day <= (self.row.closes_after_day or day)


@dataclass(slots=True, eq=False)
class Service:
    """`parts`: the services of a package and their list prices in paise."""

    id: str
    kind: ServiceKind
    specialty: SpecialtyRow
    gst_bps: int
    list_rupees: int = 0
    parts: list[tuple[Service, int]] = field(default_factory=list)


@dataclass(slots=True, frozen=True)
class PriceTag:
    """A price as it was set: of one city, or of the whole tenant; `kind` is empty, or the visit type that it is for."""

    at: datetime
    service: Service
    city_id: str | None
    kind: str
    paise: int


@dataclass(slots=True, eq=False)
class Tenant:
    """A tenant and the figures that its policies and price list put into people's heads."""

    id: str
    index: int
    row: TenantRow
    manager: Actor
    finance: Actor
    branches: dict[str, Branch] = field(default_factory=dict)
    consultation: dict[str, Service] = field(default_factory=dict)
    cosmetic: dict[str, Service] = field(default_factory=dict)
    procedure: dict[str, Service] = field(default_factory=dict)
    investigation: Service | None = None
    packages: dict[str, Service] = field(default_factory=dict)
    on_wards: dict[str, Service] = field(default_factory=dict)
    prices: dict[tuple[str, str, str], int] = field(default_factory=dict)
    dressing: Service = field(init=False)
    dressing_paise: int = 0
    price_tags: list[PriceTag] = field(default_factory=list)

    def id_of(self, prefix: str, *name: str) -> str:
        """The id of something of this tenant that has a name in the simulator."""
        return derived_id(prefix, self.id, *name)

    def price_at(self, service: Service, city: CityRow, at: datetime) -> int:
        """What the list said at a moment for a visit in the room, in paise."""
        tags = [tag for tag in self.price_tags if tag.service is service and tag.city_id == city.id and not tag.kind]
        return [tag.paise for tag in tags if tag.at <= at][-1]

    def price(self, service: Service, city: CityRow, visit_type: str) -> int:
        """What the list says today, in paise."""
        prices = self.prices
        own = prices.get((service.id, city.id, "tele")) if visit_type == "tele" else None
        return own if own is not None else prices[service.id, city.id, ""]


def user(tenant_id: str, name: str, *roles: Role, branches: tuple[str, ...] | None = None) -> Actor:
    """A member of staff, bound to branches when they are given."""
    return Actor(
        type="user",
        id=derived_id("stf", tenant_id, name),
        roles=roles,
        branch_scope="*" if branches is None else branches,
    )
