"""Ed25519 keys of a deployment, and the signed notes they make (C2SP signed-note).

A key file holds one line and belongs to the state folder: `PRIVATE+KEY+<name>+<id>+<base64>`. What others need to
check a signature is the verifier key, `<name>+<id>+<base64>`, which may be printed anywhere. Both are the forms of
Go's sumdb/note, so existing tools read them.

>>> signer = Signer.make("example.org/log")
>>> note = signer.note("example.org/log\\n0\\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\\n")
>>> open_note(note, [Verifier.read(signer.verifier_key)]).splitlines()[1]
'0'
"""

import base64
import binascii
import os
import stat
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"  # the algorithm byte of signed-note
KEY_BYTES = 32
ID_BYTES = 4
FOLDER_MODE, FILE_MODE = 0o700, 0o600


class BadKey(ValueError):
    """A key cannot be used; the message names it and says why."""


class BadNote(ValueError):
    """A note is not well formed, or none of the trusted keys signed it."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half: a name and 32 bytes."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        """Refuse a name that would not survive in a note, and bytes that are no key."""
        if not self.name or any(character.isspace() or character == "+" for character in self.name):
            raise BadKey(f"key name {self.name!r}: must not be empty and hold no space and no '+'")
        if len(self.public) != KEY_BYTES:
            raise BadKey(f"key {self.name}: {len(self.public)} bytes, an Ed25519 key has {KEY_BYTES}")

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key (signed-note: SHA-256 of name, newline, key)."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:ID_BYTES]

    @property
    def key(self) -> str:
        """The line that may be published."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def read(cls, line: str) -> "Verifier":
        """Read a published line; raises BadKey where it is damaged."""
        name, key_id, public = _parts(line.strip(), what="verifier key")
        verifier = cls(name, public)
        if verifier.id.hex() != key_id:
            raise BadKey(f"verifier key {name}: the id {key_id} does not belong to the key")
        return verifier

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Tell whether a signature over the text is of this key."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except InvalidSignature:
            return False
        return True


class Signer:
    """The private half; its bytes never leave it but into its own file."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = Verifier(name, self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"Signer({self.verifier.key!r})"

    @classmethod
    def make(cls, name: str) -> "Signer":
        """Make a new key."""
        return cls(name, os.urandom(KEY_BYTES))

    @classmethod
    def of_folder(cls, folder: Path, use: str, *, name: str) -> "Signer":
        """Read the key for a use from a folder; make it at first start, readable by its owner only.

        `name` goes into a new key as `<name>-<8 hex>/<use>`, so that no two deployments share one.
        Raises BadKey where the file is damaged or readable by others.
        """
        path = folder / use
        if not path.exists():
            _write_once(path, cls.make(f"{name}-{os.urandom(4).hex()}/{use}")._line())
        return cls._read(path)

    @property
    def verifier_key(self) -> str:
        """The line that may be published."""
        return self.verifier.key

    def sign(self, text: bytes) -> bytes:
        """Sign bytes; 64 bytes come back."""
        return self._private.sign(text)

    def note(self, text: str) -> str:
        """Sign a text as a note: the text, an empty line, one signature line (C2SP signed-note)."""
        if not text.endswith("\n"):
            raise BadNote("the text of a note ends with a newline")
        signature = base64.b64encode(self.verifier.id + self.sign(text.encode())).decode()
        return f"{text}\n\u2014 {self.verifier.name} {signature}\n"

    def _line(self) -> str:
        seed = base64.b64encode(ED25519 + self._private.private_bytes_raw()).decode()
        return f"PRIVATE+KEY+{self.verifier.name}+{self.verifier.id.hex()}+{seed}\n"

    @classmethod
    def _read(cls, path: Path) -> "Signer":
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            raise BadKey(
                f"{path}: mode {mode:04o} lets others read a private key; set it to 0600 and rotate the key"
            )
        line = path.read_text().strip()
        if not line.startswith("PRIVATE+KEY+"):
            raise BadKey(f"{path}: is not a private key")
        name, key_id, seed = _parts(line.removeprefix("PRIVATE+KEY+"), what=str(path))
        signer = cls(name, seed)
        if signer.verifier.id.hex() != key_id:
            raise BadKey(f"{path}: the id {key_id} does not belong to the key")
        return signer


def open_note(note: str, trusted: Iterable[Verifier]) -> str:
    """Give the text of a note that at least one trusted key signed, else raise BadNote.

    Signatures of keys nobody asked about are passed over; a wrong signature of a trusted key is refused.
    """
    text, mark, lines = note.rpartition("\n\n")
    if not mark or not lines.endswith("\n"):
        raise BadNote("note: there is no signature under the text")
    text += "\n"
    known = {(verifier.name, verifier.id): verifier for verifier in trusted}
    found = False
    for line in lines.splitlines():
        name, blob = _signature(line)
        verifier = known.get((name, blob[:ID_BYTES]))
        if verifier and not verifier.holds(text.encode(), blob[ID_BYTES:]):
            raise BadNote(f"note: the signature of {name} does not hold")
        found = found or verifier is not None
    if not found:
        raise BadNote("note: none of the trusted keys signed it")
    return text


def _signature(line: str) -> tuple[str, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "\u2014" or not name or not encoded:
        raise BadNote(f"note: {line[:60]!r} is not a signature line")
    try:
        return name, base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise BadNote(f"note: the signature of {name} is not base64") from error


def _parts(line: str, *, what: str) -> tuple[str, str, bytes]:
    """Split `name+id+base64(algorithm, key)`; only the base64 may hold further plus signs."""
    name, _, rest = line.partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        blob = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise BadKey(f"{what}: the key is not base64") from error
    if blob[:1] != ED25519 or len(blob) != KEY_BYTES + 1:
        raise BadKey(f"{what}: is not an Ed25519 key")
    return name, key_id, blob[1:]


def _write_once(path: Path, line: str) -> None:
    """Put a key in place whole or not at all; where two start at once, the first one's key stays."""
    path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    """Make the new name durable, so that a power cut cannot take the key a checkpoint was signed with."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
