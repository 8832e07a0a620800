"""What may be asked of a tenant."""
