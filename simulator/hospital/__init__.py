"""The inpatient life of a hospital: wards and beds, what a stay costs, and the payers that are asked for it."""
