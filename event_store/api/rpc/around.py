"""What is around commands and events on the wire: numbered by hand, because it comes from no command's Struct."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto as _F

TIMESTAMP = ".google.protobuf.Timestamp"
# message -> (field, type, repeated?), in the order of their numbers: new ones come last, for ever
AROUND: dict[str, tuple[tuple[str, Any, bool], ...]] = {
    "Ack": (
        ("status", _F.TYPE_STRING, False),
        ("command_id", _F.TYPE_STRING, False),
        ("stream_id", _F.TYPE_STRING, False),
        ("stream_version", _F.TYPE_INT64, False),
        ("event_ids", _F.TYPE_STRING, True),
        ("first_seq", _F.TYPE_INT64, False),
        ("last_seq", _F.TYPE_INT64, False),
    ),
    "Problem": (
        ("code", _F.TYPE_STRING, False),
        ("message", _F.TYPE_STRING, False),
        ("field", _F.TYPE_STRING, False),
        ("retryable", _F.TYPE_BOOL, False),
        ("retry_after_s", _F.TYPE_INT64, False),
        ("details_json", _F.TYPE_STRING, False),
    ),
    "FollowRequest": (("after_seq", _F.TYPE_INT64, False), ("until_head", _F.TYPE_BOOL, False)),
    "RecordedEvent": (
        ("seq", _F.TYPE_INT64, False),
        ("event_id", _F.TYPE_STRING, False),
        ("stream_id", _F.TYPE_STRING, False),
        ("stream_version", _F.TYPE_INT64, False),
        ("event_type", _F.TYPE_STRING, False),
        ("schema_version", _F.TYPE_INT64, False),
        ("branch_id", _F.TYPE_STRING, False),
        ("patient_id", _F.TYPE_STRING, False),
        ("admission_id", _F.TYPE_STRING, False),
        ("claim_id", _F.TYPE_STRING, False),
        ("appointment_id", _F.TYPE_STRING, False),
        ("payment_id", _F.TYPE_STRING, False),
        ("occurred_at", TIMESTAMP, False),
        ("recorded_at", TIMESTAMP, False),
        ("causation_id", _F.TYPE_STRING, False),
        ("correlation_id", _F.TYPE_STRING, False),
        ("command_id", _F.TYPE_STRING, False),
        ("actor_id", _F.TYPE_STRING, False),
        ("channel", _F.TYPE_STRING, False),
        ("payload_json", _F.TYPE_STRING, False),
    ),
}
