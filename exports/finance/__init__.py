"""Settlement report, branch variance and leakage as CSV, XLSX and Parquet."""
