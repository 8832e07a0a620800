select tenant_id, name, kind, tz, utc_offset_minutes, as_of, as_of_date, last_seq
from {{ ref('proj_tenants') }}
