"""The line as Dagster sees it: assets, checks, jobs and what sets them off."""
