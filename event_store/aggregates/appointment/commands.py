"""What may be asked of a appointment."""
