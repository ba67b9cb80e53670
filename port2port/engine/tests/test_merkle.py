"""The tree against the standard's vectors, an independent oracle, and a naive reading of the RFC."""

import base64
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from port2port.engine import merkle

SHARED = Path(os.environ.get("P2P_SHARED", Path(__file__).resolve().parents[4] / "shared"))
VECTORS = SHARED / "data" / "vectors" / "merkle"


def naive_root(hashes: list[bytes]) -> bytes:
    if not hashes:
        return merkle.EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return merkle.node_hash(naive_root(hashes[:k]), naive_root(hashes[k:]))


def some_hashes(count: int) -> list[bytes]:
    return [merkle.leaf_hash(b"%d" % n) for n in range(count)]


def vectors(kind: str) -> list[dict]:
    found = [json.loads(path.read_text()) for path in sorted(VECTORS.glob(f"*{kind}__*.json"))]
    if not found:
        pytest.skip(f"no vectors at {VECTORS}")
    return found


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def test_every_inclusion_vector_is_judged_as_it_says():
    cases = vectors("inclusion")
    judged = {
        (case["desc"], case["leafIdx"]): merkle.is_included(
            b64(case["leafHash"]),
            case["leafIdx"],
            case["treeSize"],
            [b64(step) for step in case["proof"] or []],
            b64(case["root"]),
        )
        is not case["wantErr"]
        for case in cases
    }
    assert [key for key, right in judged.items() if not right] == []
    assert len(cases) >= 45


def test_every_consistency_vector_is_judged_as_it_says():
    cases = vectors("consistency")
    wrong = [
        (case["desc"], case["size1"], case["size2"])
        for case in cases
        if merkle.is_consistent(
            case["size1"],
            case["size2"],
            b64(case["root1"]),
            b64(case["root2"]),
            [b64(step) for step in case["proof"] or []],
        )
        is case["wantErr"]
    ]
    assert wrong == []
    assert len(cases) >= 40


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 9, 255, 256, 257, 1000])
def test_the_root_of_the_frontier_is_the_root_of_the_rfc(count: int):
    tree = merkle.Frontier()
    for hashed in some_hashes(count):
        tree.append(hashed)
    assert tree.root() == naive_root(some_hashes(count))
    assert merkle.Frontier.unpack(tree.size, tree.pack()) == tree


def test_the_root_equals_that_of_pymerkle():
    oracle = pytest.importorskip("pymerkle").InmemoryTree(algorithm="sha256")
    tree = merkle.Frontier()
    for n in range(1000):
        oracle.append_entry(b"entry %d" % n)
        tree.append(merkle.leaf_hash(b"entry %d" % n))
        if n % 37 == 0:
            assert tree.root() == oracle.get_state()
    assert tree.root() == oracle.get_state()


@settings(deadline=None, max_examples=80)
@given(st.integers(1, 300), st.data())
def test_each_leaf_proves_itself_and_nothing_else(size: int, draw: st.DataObject):
    hashes = some_hashes(size)
    index = draw.draw(st.integers(0, size - 1))
    path = merkle.inclusion_path(index, size, merkle.leaves(hashes))
    root = naive_root(hashes)
    assert merkle.is_included(hashes[index], index, size, path, root)
    assert not merkle.is_included(merkle.leaf_hash(b"another"), index, size, path, root)
    assert not merkle.is_included(hashes[index], index, size, [*path, root], root)
    for other in {0, size // 2, size - 1} - {index}:
        assert not merkle.is_included(hashes[index], other, size, path, root)


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 300), st.integers(0, 300))
def test_a_longer_log_proves_that_it_only_appended(one: int, other: int):
    old, new = sorted((one, other))
    hashes = some_hashes(new)
    old_root, new_root = naive_root(hashes[:old]), naive_root(hashes)
    path = merkle.consistency_path(old, new, merkle.leaves(hashes))
    assert merkle.is_consistent(old, new, old_root, new_root, path)
    if old:
        assert not merkle.is_consistent(old, new, merkle.leaf_hash(b"another past"), new_root, path)


def test_a_proof_is_refused_for_a_leaf_outside_the_tree():
    with pytest.raises(ValueError, match="leaf 3 is not in a tree of 3"):
        merkle.inclusion_path(3, 3, merkle.leaves(some_hashes(3)))
    with pytest.raises(ValueError, match="cannot follow"):
        merkle.consistency_path(4, 3, merkle.leaves(some_hashes(3)))


def test_a_frontier_that_does_not_fit_its_size_is_refused():
    with pytest.raises(ValueError, match="cannot stand for a tree of 3"):
        merkle.Frontier.unpack(3, b"x" * 32)
