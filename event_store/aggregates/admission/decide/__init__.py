"""The rules of an admission: one file per topic; here, which command is decided where.

What a hospital's own system reports is refused with the same codes as what a person asks (the exception of R-CMD-7):
it can be told so and send again, and a patient in a bed that is not free helps nobody.
"""

from event_store.aggregates.admission import commands as c
from event_store.aggregates.admission.decide.arranging import (
    accept_admission,
    cancel_admission,
    request_admission,
    update_admission,
)
from event_store.aggregates.admission.decide.billing import finalize_bill
from event_store.aggregates.admission.decide.charging import post_charge
from event_store.aggregates.admission.decide.moving import (
    admit_patient,
    cancel_discharge,
    discharge_patient,
    transfer_patient,
)
from mymedic.deciding import Decision
from mymedic.messages import Command

DECISIONS: dict[type[Command], Decision] = {
    c.RequestAdmission: Decision(request_admission, target="admission_id", creates=True),
    c.AcceptAdmission: Decision(accept_admission, target="admission_id"),
    c.AdmitPatient: Decision(admit_patient, target="admission_id"),
    c.TransferPatient: Decision(transfer_patient, target="admission_id"),
    c.UpdateAdmission: Decision(update_admission, target="admission_id"),
    c.PostAdmissionCharge: Decision(post_charge, target="admission_id"),
    c.DischargePatient: Decision(discharge_patient, target="admission_id"),
    c.CancelAdmission: Decision(cancel_admission, target="admission_id"),
    c.CancelDischarge: Decision(cancel_discharge, target="admission_id"),
    c.FinalizeAdmissionBill: Decision(finalize_bill, target="admission_id"),
}
