"""What a visit leads to: services that are advised, and visits that are asked for."""
