"""The program that checks packs: its Ed25519 against RFC 8032 and `cryptography`, its zip against Python's own."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from event_store.audit.pack import verifier
from event_store.audit.pack.verifier import NotVerified, container, files_in, is_signed

# RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc); public key, message, signature
VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
    ),
]  # fmt: skip
FILES = [("a.txt", b"what happened"), ("b/c.bin", bytes(range(256))), ("empty.json", b"")]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_the_rfc(key: str, message: str, signature: str) -> None:
    public, said, signed = map(bytes.fromhex, (key, message, signature))
    assert is_signed(public, signed, said)
    assert not is_signed(public, signed, said + b"x")
    assert not is_signed(public[::-1], signed, said)


@settings(max_examples=12, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=300), st.data())
def test_it_says_what_cryptography_says(seed: bytes, message: bytes, data: st.DataObject) -> None:
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signed = key.public_key().public_bytes_raw(), key.sign(message)
    assert is_signed(public, signed, message)
    bit = data.draw(st.integers(0, 511))
    assert not is_signed(public, _flipped(signed, bit), message)


def test_a_signature_has_one_form() -> None:
    """S plus the order of the group would pass a careless verifier."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    public, signed = key.public_key().public_bytes_raw(), key.sign(b"once")
    again = int.from_bytes(signed[32:], "little") + 2**252 + 27742317777372353535851937790883648493
    assert not is_signed(public, signed[:32] + again.to_bytes(32, "little"), b"once")
    assert not is_signed(public, signed + b"0", b"once") and not is_signed(public + b"0", signed, b"once")
    assert not is_signed(bytes([255] * 32), signed, b"once"), "no point has this y"


def test_the_container_is_a_zip_that_others_read() -> None:
    data = container(FILES)
    assert data == container(FILES) and files_in(data) == dict(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as zipped:
        assert zipped.testzip() is None
        assert [(name, zipped.read(name)) for name in zipped.namelist()] == FILES


def test_every_bit_of_a_container_counts() -> None:
    data = container([("a.txt", b"hi"), ("b.json", b"{}")])
    contents = {"a.txt": b"hi", "b.json": b"{}"}
    for bit in range(len(data) * 8):
        try:
            found = files_in(_flipped(data, bit))
        except NotVerified:
            continue
        assert found != contents, f"bit {bit} makes no difference"
    for wrong in (
        b"",
        data[:-1],
        data + b"\0",
        data[:30],
        b"\0" + data,
        container([("a", b""), ("a", b"")]),
        container([("b", b""), ("a", b"")]),
    ):
        with pytest.raises(NotVerified):
            files_in(wrong)


def test_a_container_that_another_program_wrote_is_none_of_ours() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("manifest.json", "{}")
    with pytest.raises(NotVerified):
        files_in(written.getvalue())


def test_it_needs_nothing_but_python(tmp_path: Path) -> None:
    source = Path(verifier.__file__).read_text(encoding="utf-8")
    modules = {line.split()[1] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert modules <= set(sys.stdlib_module_names) and not modules & {"socket", "urllib", "http", "subprocess"}
    (tmp_path / "verify.py").write_text(source)
    command = [sys.executable, "-I", "-S", str(tmp_path / "verify.py")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (2, "") and "usage" in said.stderr
    said = subprocess.run([*command, "--key", "00", "no.zip"], capture_output=True, text=True, check=False)
    assert said.returncode == 1 and "REFUSED" in said.stdout


def _flipped(data: bytes, bit: int) -> bytes:
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)
