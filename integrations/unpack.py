"""What a file really is: a zip or gzip is unpacked within bounds, a workbook or a picture is named for what it is."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn, Protocol

from mymedic.counts import counted
from mymedic.errors import Refused

# What a package raises that was cut off, changed or made by a method that is not known here.
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError)

_GZIP, _ZIP = b"\x1f\x8b", (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OTHERS = {
    b"\xd0\xcf\x11\xe0": ("an Excel workbook (.xls)", "save its sheet as CSV (UTF-8)"),
    b"%PDF": ("a PDF", "ask for the same as CSV"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it"),
    b"Rar!": ("a RAR archive", "unpack it"),
    b"BZh": ("a bzip2 file", "unpack it"),
    b"\xfd7zXZ": ("an xz file", "unpack it"),
}


class _Packed(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """The inside of a package, read on only while it stays within the limit, whatever it says about its size."""

    def __init__(self, inside: _Packed, name: str, limit: int) -> None:
        self._inside, self._name, self._limit, self._read = inside, name, limit, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        part = self._inside.read(len(view))
        self._read += len(part)
        if self._read > self._limit:
            message = f"unpacked, the file has more than {self._limit} bytes; split it"
            raise Refused("BODY_TOO_LARGE", message, file=self._name, hint="package")
        view[: len(part)] = part
        return len(part)


@contextmanager
def inside_of(file: BinaryIO, name: str, limit: int) -> Iterator[BinaryIO]:
    """The file itself, or the one file that a zip or gzip holds; reading more than `limit` bytes is BODY_TOO_LARGE.

    What is neither text nor such a package, or a package within a package, is FILE_BAD_HEADER. Damage that shows only
    later is raised by the reading.
    """
    start = file.read(8)
    file.seek(0)
    try:
        if start.startswith(_GZIP):
            with gzip.GzipFile(fileobj=file) as packed:
                yield _looked_at(packed, name, limit)
        elif start.startswith(_ZIP):
            with zipfile.ZipFile(file) as archive, archive.open(_member(archive, name)) as packed:
                yield _looked_at(packed, name, limit)
        else:
            _check_start(start, name)
            yield file
    except DAMAGE as error:
        _refuse(name, f"the package cannot be unpacked ({str(error)[:100]}); it was cut off, fetch it again", "package")


def unpacked(data: bytes, name: str, limit: int) -> bytes:
    """`inside_of` for bytes at hand."""
    with inside_of(io.BytesIO(data), name, limit) as inside:
        return inside.read()


def _member(archive: zipfile.ZipFile, name: str) -> zipfile.ZipInfo:
    names = archive.namelist()
    if "[Content_Types].xml" in names or "mimetype" in names:
        kind = "an Excel workbook (.xlsx)" if any(one.startswith("xl/") for one in names) else "an office document"
        _refuse(name, f"the file is {kind}, not CSV; save its sheet as CSV (UTF-8)", "xlsx")
    members = [one for one in archive.infolist() if not one.is_dir() and not one.filename.startswith("__MACOSX/")]
    if len(members) != 1:
        _refuse(name, f"the zip holds {counted(len(members), 'file')}, not one; hand them in one by one", "package")
    if members[0].flag_bits & 0x1:
        _refuse(name, "the zip is locked with a password; unpack it", "package")
    return members[0]


def _looked_at(packed: _Packed, name: str, limit: int) -> BinaryIO:
    inside = io.BufferedReader(_Bounded(packed, name, limit), 1 << 20)
    start = inside.peek(8)
    if start.startswith((_GZIP, *_ZIP)):
        _refuse(name, "a package within a package is not opened; unpack it", "nested")
    _check_start(start, name)
    return inside


def _check_start(start: bytes, name: str) -> None:
    for known, (what, remedy) in _OTHERS.items():
        if start.startswith(known):
            _refuse(name, f"the file is {what}; {remedy}", "not_text")


def _refuse(name: str, message: str, hint: str) -> NoReturn:
    raise Refused("FILE_BAD_HEADER", message, file=name, row=1, hint=hint)
