"""Checks an evidence pack: that not one bit of it was changed, who signed it, and that its events are what was hashed.

    python verify.py --key FINGERPRINT PACK.zip [PACK.zip ...]

Needs Python 3.9 or newer and nothing else: no package, no network. FINGERPRINT is the sha256 of the signer's public
key; ask the signer for it, never the pack. Exit 0: every pack is whole; 1: one is not, and which; 2: wrong use.

Take this program from somebody you trust: the copy inside a pack came the same way as the pack.
"""

import hashlib
import json
import struct
import sys
import zlib
from base64 import b64decode

GENESIS = "0" * 64
MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "public.key"
EVENTS, CHAIN = "events.jsonl", "chain.json"
FORMAT = "mymedic-evidence/1"
_REPLACING = ("DestructionExecuted", "FieldRedacted")

# --- the container: a zip of stored files in one fixed shape, so that every bit of it has one right value -------------

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DATE = 33  # 1980-01-01, as zip writes it: a pack says when in its manifest


class NotVerified(Exception):
    """The pack is not what its signer made, or does not hold what it claims."""


def container(files):
    """The bytes of a zip with these (name, content), in this order: nothing in it is left to chance."""
    parts, central, offset = [], [], 0
    for name, content in files:
        raw = name.encode("ascii")
        about = struct.pack(
            "<HHHHHIIIHH", 10, 0, 0, 0, _DATE, zlib.crc32(content), len(content), len(content), len(raw), 0
        )
        central.append(_CENTRAL + struct.pack("<H", 10) + about + struct.pack("<HHHII", 0, 0, 0, 0, offset) + raw)
        parts += [_LOCAL, about, raw, content]
        offset += len(_LOCAL) + len(about) + len(raw) + len(content)
    listed = b"".join(central)
    end = struct.pack("<HHHHIIH", 0, 0, len(central), len(central), len(listed), offset, 0)
    return b"".join([*parts, listed, _END, end])


def files_in(data):
    """name -> content; refuses any zip that `container` would have written otherwise, were it in one bit."""
    files, at = [], 0
    while data[at : at + 4] == _LOCAL:
        head = data[at + 4 : at + 30]
        if len(head) < 26:
            raise NotVerified("the zip ends in the middle of a file")
        size, name_size = struct.unpack("<I", head[14:18])[0], struct.unpack("<H", head[22:24])[0]
        start = at + 30 + name_size
        name = data[at + 30 : start]
        if not name.isascii() or start + size > len(data):
            raise NotVerified("the zip names a file that it cannot hold")
        files.append((name.decode("ascii"), data[start : start + size]))
        at = start + size
    if not files or container(files) != data:
        raise NotVerified("the zip itself was changed: it is not in the shape in which packs are written")
    names = [name for name, _ in files]
    if names != sorted(set(names)):
        raise NotVerified("the files of the zip are not in order, each once")
    return dict(files)


# --- Ed25519, as RFC 8032 section 5.1 gives it (sample code: section 6 and appendix A) --------------------------------

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_SQRT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)


def _x_of(y, sign):
    """The x of a point from its y and the lowest bit of x; None when there is no such point (5.1.3)."""
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    if square == 0:
        return None if sign else 0
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _SQRT_OF_MINUS_1 % _P
    if (x * x - square) % _P:
        return None
    return _P - x if x & 1 != sign else x


_BASE_Y = 4 * pow(5, _P - 2, _P) % _P
_BASE_X = _x_of(_BASE_Y, 0)
_BASE = (_BASE_X, _BASE_Y, 1, _BASE_X * _BASE_Y % _P)  # extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z


def _added(p, q):
    """The sum of two points (5.1.4)."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _times(number, point):
    """A point added to itself so many times."""
    found = (0, 1, 1, 0)
    while number:
        if number & 1:
            found = _added(found, point)
        point, number = _added(point, point), number >> 1
    return found


def _point(raw):
    """The point that 32 bytes stand for; None when they stand for none."""
    number = int.from_bytes(raw, "little")
    y = number & ((1 << 255) - 1)
    x = _x_of(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % _P)


def is_signed(public_key, signature, message):
    """Whether 64 bytes are the signature of a message under a key of 32 bytes (5.1.7)."""
    if len(public_key) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(public_key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + public_key + message).digest(), "little") % _L
    left, right = _times(s, _BASE), _added(r, _times(k, a))
    same_x = (left[0] * right[2] - right[0] * left[2]) % _P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % _P == 0


def fingerprint(public_key):
    """What a key is known by."""
    return hashlib.sha256(public_key).hexdigest()


# --- the manifest, and the events that it stands for ------------------------------------------------------------------


def verified(data, key_fingerprint):
    """What a pack is about, by its own signed words; NotVerified when anything of it is not as it was signed."""
    files = files_in(data)
    _need({MANIFEST, SIGNATURE, PUBLIC_KEY} <= files.keys(), "it has no manifest, no signature or no key")
    _need(fingerprint(files[PUBLIC_KEY]) == key_fingerprint, "it was signed with another key than the one you named")
    _need(is_signed(files[PUBLIC_KEY], files[SIGNATURE], files[MANIFEST]), "the signature is not one of the manifest")
    try:
        manifest = json.loads(files[MANIFEST])
        _need(manifest["format"] == FORMAT, "it is of a format that this program does not know")
        _check_files(manifest, files)
        chain = json.loads(files[CHAIN])
        _need(chain["head"] == manifest["head"], "chain and manifest name another end of the log")
        withheld = _check_events(chain, [json.loads(line) for line in files[EVENTS].splitlines()])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise NotVerified(f"it is signed and cannot be read: {error!r}") from error
    return {**{name: value for name, value in manifest.items() if name != "files"}, "withheld_bodies": withheld}


def _check_files(manifest, files):
    listed = {one["name"]: one for one in manifest["files"]}
    _need(len(listed) == len(manifest["files"]), "the manifest lists a file twice")
    _need({*listed, MANIFEST, SIGNATURE} == files.keys(), "the manifest lists other files than there are")
    for name, one in listed.items():
        whole = (len(files[name]), hashlib.sha256(files[name]).hexdigest()) == (one["size"], one["sha256"])
        _need(whole, f"{name} is not the file that was signed")


def _check_events(chain, events):
    """How many bodies are withheld; every event must be as it was hashed, and where the pack says it is."""
    replaced = _replaced(events)
    previous, withheld, runs = None, 0, []
    versions: dict = {}
    for event in events:
        seq, envelope = event["seq"], json.loads(event["envelope"])
        _need((envelope["seq"], envelope["tenant_id"]) == (seq, chain["tenant_id"]), f"seq {seq} is another event")
        hashed = event["prev_hash"] + event["envelope"] + event["payload_digest"]
        _need(_sha256(hashed.encode()) == event["event_hash"], f"the hash of seq {seq} is not that of its envelope")
        _need(previous is None or previous["seq"] < seq, f"seq {seq} is out of order")
        _need(seq > 1 or event["prev_hash"] == GENESIS, "the first event follows another one")
        if previous is not None and previous["seq"] == seq - 1:
            _need(previous["event_hash"] == event["prev_hash"], f"seq {seq} does not follow the event before it")
            runs[-1][1] = seq
        else:
            runs.append([seq, seq])
        withheld += _is_withheld(event, envelope, replaced)
        versions.setdefault(envelope["stream_id"], []).append(envelope["stream_version"])
        previous = event
    _need(runs == chain["runs"], "the events are not the parts of the log that the pack claims")
    for stream_id, last in chain["whole_streams"].items():
        _need(versions.pop(stream_id, None) == list(range(1, last + 1)), f"{stream_id} is not there from its beginning")
    _need(versions == chain["parts_of_streams"], "it holds other events of other streams than it claims")
    last = (previous["seq"], previous["event_hash"]) if previous else (0, GENESIS)
    head = (chain["head"]["seq"], chain["head"]["event_hash"])
    _need(last[0] < head[0] or last == head, "an event lies beyond the end of the log, or at its end with another hash")
    return withheld


def _is_withheld(event, envelope, replaced):
    body, seq = event["body"], event["seq"]
    if body is None:
        _need(event["withheld"], f"the body of seq {seq} is missing, and nothing says why")
        return True
    sealed = b64decode(body["sealed"], validate=True) if body["sealed"] is not None else b""
    standing, expected = _sha256(body["payload"].encode() + sealed), event["payload_digest"]
    for old, new in replaced.get(envelope["event_id"], ()):
        expected = new if old == expected else ""
    _need(standing == expected, f"the body of seq {seq} is not the one that was hashed")
    return False


def _replaced(events):
    """event id -> (digest before, digest after), as the redactions and destructions among the events name them."""
    found: dict = {}
    for event in events:
        if event["body"] is not None and json.loads(event["envelope"])["event_type"] in _REPLACING:
            for one in json.loads(event["body"]["payload"]).get("replaced", ()):
                found.setdefault(one["event_id"], []).append((one["old_digest"], one["new_digest"]))
    return found


def _sha256(data):
    return hashlib.sha256(data).hexdigest()


def _need(holds, otherwise):
    if not holds:
        raise NotVerified(otherwise)


def main(arguments):
    """Check packs; the exit code."""
    if len(arguments) < 3 or arguments[0] != "--key":
        sys.stderr.write("usage: python verify.py --key FINGERPRINT PACK.zip [PACK.zip ...]\n")
        return 2
    failed = 0
    for path in arguments[2:]:
        try:
            with open(path, "rb") as file:
                about = verified(file.read(), arguments[1].lower())
            head, told = about["head"], f"{about['kind']} {about['id']} of {about['tenant_id']}"
            events = "1 event" if about["events"] == 1 else f"{about['events']} events"
            known = f"{events}, known up to seq {head['seq']} ({head['event_hash']})"
            sys.stdout.write(f"{path}: whole. {told}: {known}; {about['withheld_bodies']} bodies withheld\n")
        except (OSError, NotVerified) as refusal:
            failed += 1
            sys.stdout.write(f"{path}: REFUSED: {refusal}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
