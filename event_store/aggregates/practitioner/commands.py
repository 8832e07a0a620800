"""What may be asked of a practitioner."""
