"""What may be asked of a bank statement."""
