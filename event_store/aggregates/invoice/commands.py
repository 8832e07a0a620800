"""What may be asked of a invoice."""
