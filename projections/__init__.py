"""Live views: what the log says now, one read model per file, folded within milliseconds and rebuilt by replay."""
