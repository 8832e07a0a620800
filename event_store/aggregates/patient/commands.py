"""What may be asked of a patient."""
