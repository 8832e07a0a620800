"""Events as typed Parquet: one table per aggregate, one child table per array of structs."""
