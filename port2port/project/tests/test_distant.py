"""Pictures of another process: whatever came in changes, the whole is what a full picture would say."""

import random

import msgspec

from port2port.project.distant import COLUMNS, DistantPictures


def picture(rows, *, full=False, names=None, gone=(), area="antwerp", kind="live", at_ms=1):
    columns = list(zip(*rows, strict=True)) or [()] * len(COLUMNS)
    facts = {"area": area, "picture": kind, "full": full, "at_ms": at_ms, "names": names or {}, "gone": list(gone)}
    return msgspec.json.encode(facts | dict(zip(COLUMNS, columns, strict=True)))


def row(number, speed=0):
    return (number, 51.3, 4.2, speed, 900, 90, 0, 1_700_000_000)


def whole(pictures, area="antwerp", kind="live"):
    bodies = [msgspec.json.decode(body) for body in pictures.snapshot(area)]
    return next(body for body in bodies if body["picture"] == kind)


def test_nothing_heard_is_no_picture():
    assert DistantPictures().snapshot("antwerp") == []


def test_changes_lie_over_what_is_known_and_what_is_gone_is_gone():
    pictures = DistantPictures()
    pictures.take(picture([row(1), row(2)], full=True, names={"1": ["a"], "2": ["b"]}))
    pictures.take(picture([row(1, speed=55)], at_ms=2))
    pictures.take(picture([row(3)], names={"3": ["c"]}, gone=[2, 99], at_ms=3))
    said = whole(pictures)
    assert (said["full"], said["at_ms"], said["gone"]) == (True, 3, [])
    assert (said["n"], said["sog"]) == ([1, 3], [55, 0])
    assert said["names"] == {"1": ["a"], "3": ["c"]}


def test_a_full_picture_replaces_everything():
    pictures = DistantPictures()
    pictures.take(picture([row(1)], names={"1": ["a"]}))
    pictures.take(picture([row(7)], full=True))
    assert (whole(pictures)["n"], whole(pictures)["names"]) == ([7], {})
    pictures.take(picture([], full=True))
    assert whole(pictures)["n"] == whole(pictures)["lat"] == []


def test_areas_and_pictures_do_not_mix():
    pictures = DistantPictures()
    pictures.take(picture([row(1)]))
    pictures.take(picture([row(2)], kind="replay"))
    pictures.take(picture([row(3)], area="ghent"))
    assert [whole(pictures)["n"], whole(pictures, kind="replay")["n"]] == [[1], [2]]
    assert whole(pictures, "ghent")["n"] == [3]


def test_after_any_order_of_changes_the_whole_is_the_sum_of_them():
    dice, pictures, expected = random.Random(3), DistantPictures(), {}
    for at_ms in range(300):
        changed = [row(number, dice.randrange(1000)) for number in dice.sample(range(40), 5)]
        gone = [number for number in dice.sample(range(40), 2) if number not in {one[0] for one in changed}]
        pictures.take(picture(changed, gone=gone, at_ms=at_ms))
        expected |= {one[0]: one for one in changed}
        for number in gone:
            expected.pop(number, None)
    said = whole(pictures)
    assert dict(zip(said["n"], said["sog"], strict=True)) == {number: one[3] for number, one in expected.items()}
