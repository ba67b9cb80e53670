"""Six-bit armour and six-bit text of AIS: characters to bits and back.

Armour (IEC 61162-1, the VDM and VDO sentences) carries six bits in each printable character; six-bit ASCII (ITU-R
M.1371-5, Annex 8, table 47) is the text inside a message. Both are base 64 with another alphabet, so the standard
library packs and unpacks them.

>>> bits, length = unpack(b"14", 0)
>>> f"{bits:0{length}b}"
'000001000100'
>>> pack(bits, length)
(b'14', 0)
>>> text(0b001000_001001_000000, 18)
'HI'
"""

from binascii import a2b_base64, b2a_base64

ARMOUR = bytes([*range(0x30, 0x58), *range(0x60, 0x78)])
SIXBIT_ASCII = bytes([*range(0x40, 0x60), *range(0x20, 0x40)])
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FROM_ARMOUR = bytes.maketrans(ARMOUR, _BASE64)
_TO_ARMOUR = bytes.maketrans(_BASE64, ARMOUR)
_TO_ASCII = bytes.maketrans(_BASE64, SIXBIT_ASCII)
_FILLER = (b"", b"AAA", b"AA", b"A")  # base 64 wants groups of four


def is_armour(characters: bytes) -> bool:
    """Tell whether every byte is a character of the armour."""
    return not characters.translate(None, ARMOUR)


def unpack(armour: bytes, fill: int) -> tuple[int, int]:
    """Give the bits as one integer and their number; the last `fill` bits are dropped."""
    filler = _FILLER[len(armour) & 3]
    packed = a2b_base64(armour.translate(_FROM_ARMOUR) + filler)
    return int.from_bytes(packed, "big") >> (6 * len(filler) + fill), 6 * len(armour) - fill


def _characters(bits: int, count: int, alphabet: bytes) -> bytes:
    """Write the lowest `6 * count` bits of an integer as `count` characters."""
    groups = (count + 3) // 4
    packed = (bits << 6 * (4 * groups - count)).to_bytes(3 * groups, "big")
    return b2a_base64(packed, newline=False).translate(alphabet)[:count]


def pack(bits: int, length: int) -> tuple[bytes, int]:
    """Write bits as armour, and tell how many fill bits were put behind them."""
    count = (length + 5) // 6
    fill = 6 * count - length
    return _characters(bits << fill, count, _TO_ARMOUR), fill


def text(bits: int, length: int) -> str:
    """Read six-bit ASCII: cut at the first '@', blanks at the right dropped."""
    characters = _characters(bits, length // 6, _TO_ASCII)
    return characters.partition(b"@")[0].rstrip(b" ").decode("ascii")


def text_bits(words: str, count: int) -> int:
    """Write up to `count` characters as six-bit ASCII, filled up with '@'.

    Raises ValueError when the words are too long or hold a character six-bit ASCII does not have.
    """
    words = words.upper()
    if len(words) > count:
        raise ValueError(f"is longer than {count} characters")
    bits = 0
    for character in words:
        code = SIXBIT_ASCII.find(character.encode())
        if code < 1:  # 0 is '@', which ends a text
            raise ValueError(f"has {character!r}, which a six-bit text cannot hold")
        bits = bits << 6 | code
    return bits << 6 * (count - len(words))
