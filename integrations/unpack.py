"""What a file really is: a zip or gzip is unpacked within bounds, a workbook or a picture is named for what it is."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from typing import NoReturn, Protocol

from mymedic.errors import Refused

_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHERS = {
    b"\xd0\xcf\x11\xe0": ("an Excel workbook (.xls)", "save its sheet as CSV (UTF-8)"),
    b"%PDF": ("a PDF", "ask for the same as CSV"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it"),
    b"Rar!": ("a RAR archive", "unpack it"),
    b"BZh": ("a bzip2 file", "unpack it"),
    b"\xfd7zXZ": ("an xz file", "unpack it"),
}
_STEP = 1 << 20


class _Packed(Protocol):
    def read(self, size: int, /) -> bytes: ...


def unpacked(data: bytes, name: str, limit: int) -> bytes:
    """The file itself, or the one file that a zip or gzip holds; more than `limit` bytes is BODY_TOO_LARGE.

    What is neither text nor such a package, or a package within a package, is FILE_BAD_HEADER.
    """
    if data.startswith(_GZIP):
        inside = _gunzipped(data, name, limit)
    elif data.startswith(_ZIP):
        inside = _unzipped(data, name, limit)
    else:
        inside = data
    if inside is not data and inside.startswith((_GZIP, *_ZIP)):
        _refuse(name, "a package within a package is not opened; unpack it", "nested")
    for start, (what, remedy) in _OTHERS.items():
        if inside.startswith(start):
            _refuse(name, f"the file is {what}; {remedy}", "not_text")
    return inside


def _gunzipped(data: bytes, name: str, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return _read(packed, name, limit)
    except (OSError, EOFError, zlib.error) as error:
        _refuse(name, f"the gzip file cannot be unpacked ({error}); it was cut off, fetch it again", "package")


def _unzipped(data: bytes, name: str, limit: int) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names or "mimetype" in names:
                kind = (
                    "an Excel workbook (.xlsx)" if any(one.startswith("xl/") for one in names) else "an office document"
                )
                _refuse(name, f"the file is {kind}, not CSV; save its sheet as CSV (UTF-8)", "xlsx")
            members = [
                one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")
            ]
            if len(members) != 1:
                _refuse(name, f"the zip holds {len(members)} files, not one; hand them in one by one", "package")
            if members[0].flag_bits & 0x1:
                _refuse(name, "the zip is locked with a password; unpack it", "package")
            with archive.open(members[0]) as packed:
                return _read(packed, name, limit)
    except (zipfile.BadZipFile, NotImplementedError, OSError, EOFError, zlib.error, ValueError, RuntimeError) as error:
        _refuse(name, f"the zip cannot be unpacked ({str(error)[:100]}); it was cut off, fetch it again", "package")


def _read(packed: _Packed, name: str, limit: int) -> bytes:
    """Read on only while it stays within the limit, whatever the package says about its size."""
    parts, size = [], 0
    while part := packed.read(_STEP):
        size += len(part)
        if size > limit:
            raise Refused(
                "BODY_TOO_LARGE", f"unpacked, the file has more than {limit} bytes; split it", file=name, hint="package"
            )
        parts.append(part)
    return b"".join(parts)


def _refuse(name: str, message: str, hint: str) -> NoReturn:
    raise Refused("FILE_BAD_HEADER", message, file=name, row=1, hint=hint)
