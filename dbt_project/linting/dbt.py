"""What sqlfluff sees in place of dbt's own macros: SQL of the same shape."""


def dateadd(datepart: str, interval: object, from_date: object) -> str:
    return f"date_add({from_date}, {interval} * interval '1' {datepart})"


def datediff(first: object, second: object, datepart: str) -> str:
    return f"date_diff('{datepart}', {first}, {second})"


def listagg(measure: object, delimiter: str = "','", order_by: str = "") -> str:
    return f"string_agg({measure}, {delimiter} {order_by})"


def hash(field: object) -> str:
    return f"md5({field})"


def generate_series(upper_bound: int) -> str:
    return f"select generated_number from generated_to_{upper_bound}"
