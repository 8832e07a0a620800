"""The rules of an appointment: one file per topic; here, which command is decided where."""

from event_store.aggregates.appointment import commands as c
from event_store.aggregates.appointment.decide.attending import check_in_patient, mark_no_show, reverse_no_show
from event_store.aggregates.appointment.decide.booking import (
    book_appointment,
    confirm_appointment,
    expire_hold,
    hold_appointment,
)
from event_store.aggregates.appointment.decide.ending import cancel_appointment, mark_appointment_error
from event_store.aggregates.appointment.decide.importing import foreseen, import_appointment, imported_id
from event_store.aggregates.appointment.decide.rescheduling import reschedule_appointment
from event_store.aggregates.appointment.decide.waiting import join_waitlist, offer_waitlist_slot
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.HoldAppointment: Decision(hold_appointment, target="appointment_id", creates=True),
    c.BookAppointment: Decision(book_appointment, target="appointment_id", creates=None),
    c.ConfirmAppointment: Decision(confirm_appointment, target="appointment_id"),
    c.ExpireHold: Decision(expire_hold, target="appointment_id"),
    c.RescheduleAppointment: Decision(reschedule_appointment, target="appointment_id"),
    c.CancelAppointment: Decision(cancel_appointment, target="appointment_id"),
    c.CheckInPatient: Decision(check_in_patient, target="appointment_id"),
    c.MarkNoShow: Decision(mark_no_show, target="appointment_id"),
    c.ReverseNoShow: Decision(reverse_no_show, target="appointment_id"),
    c.JoinWaitlist: Decision(join_waitlist, target="appointment_id", creates=True),
    c.OfferWaitlistSlot: Decision(offer_waitlist_slot, target="appointment_id"),
    c.MarkAppointmentError: Decision(mark_appointment_error, target="appointment_id"),
    c.ImportAppointment: Decision(import_appointment, target=imported_id, creates=True, foresees=foreseen),
}
