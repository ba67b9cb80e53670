"""What may be asked of the ledger, and by whom."""

from datetime import timedelta

import pytest

from port2port.audit import queries
from port2port.audit.actions import enter
from port2port.audit.examples import NOON, an_alarm, enter_all, some_leaves
from port2port.audit.models import Entry
from port2port.audit.rules import BadLeaf, evidence_of
from port2port.audit.sequencer import Sequencer
from port2port.audit.store import STORE
from port2port.engine import merkle
from port2port.engine.keys import Signer

SIGNER = Signer("example.org/ledger", bytes(32))


@pytest.mark.django_db
def test_an_entry_says_in_its_leaf_what_was_entered():
    event = an_alarm()
    entry = enter(
        verb="acknowledge", object_kind="alarm", object_id="41", area="ghent", actor="account:1", at=NOON,
        purpose="isps", on_behalf_of="account:2", case="GE-7", subject=b"sealed",
        evidence=evidence_of(event.id, event.payload),
    )  # fmt: skip
    leaf = queries.told(Entry.objects.get())
    assert (leaf.id, leaf.at, leaf.case, leaf.subject) == (entry.id, NOON, "GE-7", b"sealed")
    assert leaf.evidence == evidence_of(event.id, event.payload)


@pytest.mark.django_db
def test_an_entry_that_does_not_fit_is_refused_on_both_databases_alike():
    with pytest.raises(BadLeaf, match="object_id: 65 characters"):
        enter(verb="a", object_kind="b", object_id="c" * 65, area="ghent", actor="d", at=NOON, purpose="isps")
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_each_sees_the_entries_of_their_areas_and_nobody_those_of_none():
    enter_all(some_leaves(9))
    Sequencer(SIGNER).checkpoint(NOON)
    assert {entry.area for entry in queries.entries_in({"ghent"})} == {"ghent"}
    assert queries.entries_in({"ghent"}).count() == 3
    assert queries.entries_in({"ghent", "antwerp"}).count() == 9
    assert queries.entries_in(set()).count() == 0
    assert queries.entries_in({""}).count() == 0
    assert Entry.objects.filter(area="").count() == 1


@pytest.mark.django_db
def test_the_history_of_an_object_is_told_from_its_beginning():
    enter_all(some_leaves(12))
    history = queries.history("alarm", "alarm-1", areas={"antwerp", "ghent"})
    assert [entry.recorded_at for entry in history] == [
        NOON + timedelta(milliseconds=100 * n) for n in (4, 5, 6, 7)
    ]
    assert [entry.area for entry in queries.history("alarm", "alarm-1", areas={"ghent"})] == ["ghent"]


@pytest.mark.django_db
def test_the_head_tells_what_is_numbered_signed_and_waiting():
    empty = queries.ledger_head()
    assert (empty.size, empty.signed_at, empty.waiting_since, empty.root) == (0, None, None, merkle.EMPTY_ROOT)
    enter_all(some_leaves(3))
    STORE.append([an_alarm()])
    Sequencer(SIGNER).checkpoint(NOON)
    enter_all(some_leaves(2, start=NOON + timedelta(hours=1)))
    head = queries.ledger_head()
    assert (head.size, head.signed_size, head.signed_at) == (5, 5, NOON)
    assert (head.waiting, head.waiting_since) == (2, NOON + timedelta(hours=1))
    assert head.origin == "example.org/ledger"
    assert head.outbox_position == 1
    assert head.keys == (SIGNER.verifier_key,)


@pytest.mark.django_db
def test_a_proof_grows_with_its_entry_from_waiting_to_signed():
    enter_all(some_leaves(600))
    Sequencer(SIGNER).step(NOON)
    entry = Entry.objects.get(number=300)
    numbered = queries.proof(entry.id)
    assert (numbered.number, numbered.note, numbered.holds()) == (300, "", False)
    signed = Sequencer(SIGNER).checkpoint(NOON)
    for number in (0, 255, 256, 511, 512, 599, 600):
        proof = queries.proof(Entry.objects.get(number=number).id)
        assert proof.holds()
        assert (proof.number, proof.size, proof.note) == (number, 601, signed.note)
    enter_all(some_leaves(1, start=NOON + timedelta(hours=1)))
    waiting = queries.proof(Entry.objects.get(number=None).id)
    assert (waiting.number, waiting.path, waiting.holds()) == (None, (), False)


@pytest.mark.django_db
def test_a_proof_does_not_hold_for_a_leaf_that_was_changed():
    enter_all(some_leaves(300))
    Sequencer(SIGNER).checkpoint(NOON)
    entry = Entry.objects.get(number=17)
    entry.leaf = bytes(entry.leaf)[:-1] + b"!"
    entry.save()
    assert not queries.proof(entry.id).holds()


@pytest.mark.django_db
def test_a_proof_reads_a_few_rows_of_a_long_log(django_assert_max_num_queries):
    enter_all(some_leaves(3000))
    Sequencer(SIGNER).checkpoint(NOON)
    entry = Entry.objects.get(number=1234)
    with django_assert_max_num_queries(12):
        assert queries.proof(entry.id).holds()


@pytest.mark.django_db
def test_a_witness_can_follow_from_any_size_to_any_later_one():
    enter_all(some_leaves(700))
    Sequencer(SIGNER).step(NOON)
    hashes = queries.leaf_hashes(0, 700)

    def root(size: int) -> bytes:
        tree = merkle.Frontier()
        for hashed in hashes[:size]:
            tree.append(hashed)
        return tree.root()

    for old, new in ((1, 700), (256, 512), (255, 513), (300, 301), (512, 700), (699, 700)):
        assert merkle.is_consistent(old, new, root(old), root(new), queries.consistency(old, new))
