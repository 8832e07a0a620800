"""What may be asked of a price."""
