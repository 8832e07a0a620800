"""What follows the log and acts outside of it: leases, parking, checkpoints, back-off, and how it is woken."""
