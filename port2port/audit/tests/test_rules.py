"""Leaf bytes are final: one entry, one spelling, on every machine."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.audit import rules, verify
from port2port.audit.rules import BadLeaf, Leaf, read_leaf

FIXED = {
    "id": UUID("019abcde-0123-7abc-8def-0123456789ab"),
    "at": datetime(2026, 11, 25, 12, 0, 0, 123457, tzinfo=UTC),
    "area": "antwerp",
    "actor": "account:7",
    "on_behalf_of": "",
    "verb": "acknowledge",
    "object_kind": "alarm",
    "object_id": "019abcde-0123-7abc-8def-0123456789ac",
    "purpose": "isps",
    "case": "",
    "result": "done",
    "subject": b"",
    "evidence": bytes(range(32)),
    "salt": bytes(range(16)),
}
WRITTEN = (
    "8f0150000102030405060708090a0b0c0d0e0f4050019abcde01237abc8def0123456789ab1b000661189100d24167616e74"
    "77657270696163636f756e743a37606b61636b6e6f776c6564676565616c61726d782430313961626364652d303132332d37"
    "6162632d386465662d30313233343536373839616364697370736064646f6e655820000102030405060708090a0b0c0d0e0f"
    "101112131415161718191a1b1c1d1e1f"
)

texts = st.text(st.characters(min_codepoint=32, exclude_categories=("Cs",)), min_size=1, max_size=40)
leaves = st.builds(
    Leaf,
    id=st.uuids(),
    at=st.datetimes(min_value=FIXED["at"].replace(year=1900, tzinfo=None), timezones=st.just(UTC)),
    area=texts,
    actor=texts,
    on_behalf_of=st.one_of(st.just(""), texts),
    verb=texts,
    object_kind=texts,
    object_id=texts,
    purpose=texts,
    case=st.one_of(st.just(""), texts),
    result=texts,
    subject=st.binary(max_size=300),
    evidence=st.one_of(st.just(b""), st.binary(min_size=32, max_size=32)),
    salt=st.binary(min_size=16, max_size=16),
)


def test_the_bytes_of_version_1_never_change():
    assert Leaf(**FIXED).write().hex() == WRITTEN


@settings(deadline=None)
@given(leaves)
def test_an_entry_reads_back_as_it_was_written(leaf: Leaf):
    assert read_leaf(leaf.write()) == leaf


@settings(deadline=None)
@given(leaves)
def test_the_verifier_reads_what_the_platform_wrote(leaf: Leaf):
    read = verify.read_leaf(leaf.write())
    assert read.row() == [
        leaf.id.hex,
        rules.microseconds(leaf.at),
        leaf.area,
        leaf.verb,
        leaf.object_kind,
        leaf.object_id,
        leaf.actor,
    ]
    assert read.evidence == leaf.evidence


def test_a_moment_keeps_its_microseconds_and_loses_its_zone():
    brussels = Leaf(**FIXED | {"at": FIXED["at"].astimezone(timezone(timedelta(hours=1)))})
    assert brussels.write() == Leaf(**FIXED).write()
    for microsecond in range(0, 1_000_000, 7919):
        at = datetime(2026, 11, 25, 12, 0, 0, microsecond, tzinfo=UTC)
        assert read_leaf(Leaf(**FIXED | {"at": at}).write()).at == at


def test_two_entries_that_say_the_same_have_other_hashes():
    same = {name: value for name, value in FIXED.items() if name != "salt"}
    assert Leaf(**same).write() != Leaf(**same).write()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("at", FIXED["at"].replace(tzinfo=None), "at: a time without a zone"),
        ("salt", b"short", "salt: 5 bytes"),
        ("evidence", b"short", "evidence: 5 bytes"),
        ("subject", bytes(70_000), "subject: 70000 bytes"),
        ("verb", "", "verb: must not be empty"),
        ("verb", "v" * 61, "verb: 61 characters, at most 60"),
        ("actor", None, "actor: is NoneType, must be text"),
        ("case", "a\x00b", "case: holds a control character"),
        ("result", "\ud800", "result: holds a control character or half a surrogate"),
    ],
)
def test_an_entry_that_could_not_be_kept_is_refused(name: str, value: object, reason: str):
    with pytest.raises(BadLeaf, match=reason):
        Leaf(**FIXED | {name: value})


def other_spellings(written: bytes) -> list[bytes]:
    parts = list(cbor2.loads(written))
    long_array = b"\x98\x0f" + written[1:]
    long_version = b"\x8f\x18\x01" + written[2:]
    open_array = b"\x9f" + written[1:] + b"\xff"
    float_time = cbor2.dumps([*parts[:4], float(parts[4]), *parts[5:]])
    text_id = cbor2.dumps([*parts[:3], "x" * 16, *parts[4:]])
    tagged = b"\xd9\xd9\xf7" + written
    true_version = b"\x8f\xf5" + written[2:]
    return [
        written + b"\x00",
        written[:-1],
        long_array,
        long_version,
        open_array,
        float_time,
        text_id,
        tagged,
        true_version,
        cbor2.dumps(parts[:-1]),
        cbor2.dumps([*parts, b""]),
        cbor2.dumps({1: 2}),
        b"",
        b"\xff",
        b"\x8f",
    ]


@pytest.mark.parametrize("which", range(15))
def test_bytes_in_another_spelling_are_no_entry_to_platform_and_verifier_alike(which: int):
    spelt = other_spellings(Leaf(**FIXED).write())[which]
    with pytest.raises(BadLeaf):
        read_leaf(spelt)
    with pytest.raises(ValueError, match=r"\w"):
        verify.read_leaf(spelt)


def test_every_flipped_bit_gives_no_entry_or_another_one():
    written = Leaf(**FIXED).write()
    for bit in range(len(written) * 8):
        bent = bytearray(written)
        bent[bit // 8] ^= 1 << bit % 8
        try:
            leaf = read_leaf(bytes(bent))
        except BadLeaf:
            continue
        assert leaf != Leaf(**FIXED)
        assert leaf.write() == bytes(bent)
