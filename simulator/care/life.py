"""Where the visit meets what it leads to: one door for the day of the visit."""

from __future__ import annotations

from simulator.books.records import Visit
from simulator.care.advice import Advising
from simulator.care.appointments import Appointments
from simulator.care.followups import FollowingUp
from simulator.reception import Reception
from simulator.stage import House


class Care:
    """Told of every visit that ends. `reception` is known once it has opened: it needs the day of the visit first."""

    reception: Reception

    def __init__(self, house: House) -> None:
        appointments = Appointments(house.stage.draws, lambda: self.reception)
        self._advising = Advising(house, appointments)
        self._following_up = FollowingUp(house, appointments)

    def before_end(self, visit: Visit) -> bool:
        """Whether the doctor asks the patient to come again."""
        # what cohorts do is counted exactly, so nobody of them comes for anything else
        if visit.practitioner.specialty.mix == 0:
            return False
        # the procedure will bring the patient back as it is
        return not self._advising.during(visit) and self._following_up.during(visit)

    def after_end(self, visit: Visit) -> None:
        self._following_up.completes(visit)
        self._advising.after(visit)
