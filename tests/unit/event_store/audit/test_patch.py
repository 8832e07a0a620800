"""What a patch says to do gives what it was made from, and two runs of the program say the same."""

from __future__ import annotations

from datetime import UTC, date, datetime

import jsonpatch
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.aggregates.appointment.state import State as AppointmentState
from event_store.aggregates.patient.state import State as PatientState
from event_store.aggregates.price.events import PriceScope
from event_store.aggregates.price.state import PriceVersion
from event_store.aggregates.price.state import State as PriceState
from event_store.audit.patch import patch, plain
from event_store.audit.wording import duration, percent
from mymedic.messages import canonical_json

KEYS = st.text("ab/~", min_size=1, max_size=2)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab/~", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab/~", min_size=1, max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), VALUES, max_size=4)
AT = datetime(2026, 11, 2, tzinfo=UTC)


@settings(max_examples=80, deadline=None)
@given(OBJECTS, OBJECTS)
def test_a_patch_makes_the_one_into_the_other(before: dict[str, object], after: dict[str, object]) -> None:
    operations = patch(before, after)
    made = jsonpatch.apply_patch(before, operations)
    assert canonical_json(made) == canonical_json(after)
    assert patch(before, after) == operations and (operations == []) == (
        canonical_json(before) == canonical_json(after)
    )


def test_a_state_becomes_plain() -> None:
    appointment = plain(AppointmentState(start_at=AT, start_on=date(2026, 11, 2), policy_version_ids=("pol_1",)))
    assert (appointment["start_at"], appointment["start_on"]) == ("2026-11-02T00:00:00Z", "2026-11-02")
    assert appointment["policy_version_ids"] == ["pol_1"]
    version = PriceVersion("prc_1", PriceScope(level="tenant"), "tenant", None, 80_000, True, 0, AT, None)
    price = plain(PriceState(versions={"prc_1": version}, lines={("tenant", None): [version]}))
    assert list(price["lines"]) == ["tenant/None"] and price["versions"]["prc_1"]["amount_paise"] == 80_000
    assert plain({"b", "a"}) == ["a", "b"]


def test_a_keyed_hash_is_not_shown() -> None:
    shown = plain(PatientState(phone_hash="a" * 64, name_hash=""))
    assert (shown["phone_hash"], shown["name_hash"]) == ("[hashed]", "")


def test_figures_in_words() -> None:
    assert [duration(seconds) for seconds in (0, 45, 14_400, 5_400)] == ["0 s", "45 s", "4 h", "1 h 30 min"]
    assert [percent(bps) for bps in (0, 5_000, 1_250, 5)] == ["0 %", "50 %", "12.5 %", "0.05 %"]
