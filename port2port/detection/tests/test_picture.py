"""The picture: once a second what changed, whole when asked, in the shape of the stream."""

import threading

import msgspec
import numpy as np
import pytest

from port2port.detection.picture import Hub
from port2port.detection.rules.fleet import counting
from port2port.detection.rules.lookout import Lookout
from port2port.detection.rules.reports import DEGREE, Positions, Reports, Statics

SHIP = 205_000_001


def at(*ships, second=1, sog=80):
    size = len(ships)
    return Positions.of(
        mmsi=[SHIP + n for n in ships], lat=[round(51.123456 * DEGREE)] * size, lon=[round(4.3 * DEGREE)] * size,
        at_ms=[second * 1000] * size, sog=[sog] * size, cog=[900] * size, heading=[89] * size,
    )  # fmt: skip


def called(name, ship=0):
    facts = {"name": np.array([name]), "ship_type": np.array([70]), "bow": np.array([80]), "stern": np.array([20])}
    return Statics(np.array([SHIP + ship]), facts, 1)


@pytest.fixture
def desk():
    hub, heard = Hub(), []
    lookout = Lookout("antwerp", "live", identify=counting())
    hub.place(lookout)
    hub.listen(lambda area, body: heard.append((area, msgspec.json.decode(body))))
    return hub, lookout, heard


def test_a_picture_says_what_changed_and_names_what_is_new(desk):
    hub, lookout, heard = desk
    lookout.observe([Reports(at(0, 1), [called(b"STAR")])])
    hub.give(5000)
    [(area, picture)] = heard
    names = picture.pop("names")
    assert area == "antwerp"
    assert picture == {
        "area": "antwerp", "picture": "live", "full": False, "at_ms": 5000, "n": [1, 2],
        "lat": [51.12346, 51.12346],
        "lon": [4.3, 4.3], "sog": [80, 80], "cog": [900, 900], "heading": [89, 89], "flags": [0, 0], "seen": [1, 1],
        "gone": [],
    }  # fmt: skip
    assert names["1"] == [str(lookout.fleet.track_id(0)), SHIP, "STAR", 70, 100, ""]
    assert names["2"][2:] == ["", 0, 0, ""]


def test_what_did_not_change_is_not_said_again(desk):
    hub, lookout, heard = desk
    lookout.observe([Reports(at(0, 1))])
    hub.give(1000)
    hub.give(2000)
    lookout.observe([Reports(at(1, second=2))])
    hub.give(3000)
    assert [(p["at_ms"], p["n"], list(p["names"])) for _, p in heard] == [
        (1000, [1, 2], ["1", "2"]),
        (3000, [2], []),
    ]


def test_a_changed_name_is_said_without_a_new_position(desk):
    hub, lookout, heard = desk
    lookout.observe([Reports(at(0))])
    hub.give(1000)
    lookout.observe([Reports(at(), [called(b"OTHER")])])
    hub.give(2000)
    assert heard[1][1]["names"]["1"][2] == "OTHER"


def test_a_ship_of_which_only_the_name_is_known_is_not_on_the_map(desk):
    hub, lookout, heard = desk
    lookout.observe([Reports(at(), [called(b"STAR")])])
    hub.give(1000)
    assert (heard[0][1]["n"], heard[0][1]["names"]) == ([], {})
    lookout.observe([Reports(at(0))])
    hub.give(2000)
    assert heard[1][1]["names"]["1"][2] == "STAR"


def test_a_forgotten_track_is_gone(desk):
    hub, lookout, heard = desk
    for second in range(0, 3700, 30):
        lookout.observe([Reports(at(*([0, 1] if second == 0 else [1]), second=1 + second))])
    lookout.tick(3_700_000)
    hub.give(1000)
    assert (heard[0][1]["n"], heard[0][1]["gone"]) == ([2], [1])


def test_the_whole_picture_is_drawn_once_a_second_however_many_ask(desk):
    hub, lookout, _ = desk
    lookout.observe([Reports(at(0, 1))])
    hub.give(1000)
    first = hub.snapshot("antwerp")
    assert hub.snapshot("antwerp") is first
    whole = msgspec.json.decode(first)
    assert (whole["full"], whole["n"], len(whole["names"])) == (True, [1, 2], 2)
    hub.give(2000)
    assert hub.snapshot("antwerp") is not first


def test_an_area_nobody_watches_has_an_empty_picture():
    whole = msgspec.json.decode(Hub().snapshot("ghent"))
    assert (whole["area"], whole["full"], whole["n"]) == ("ghent", True, [])


def test_an_area_lists_its_pictures_and_a_listener_can_stop(desk):
    hub, lookout, heard = desk
    hub.place(Lookout("antwerp", "replay", identify=counting()))
    assert (hub.pictures("antwerp"), hub.pictures("ghent")) == (["live", "replay"], ["live"])
    stop = hub.listen(lambda area, body: 1 / 0)
    stop()
    lookout.observe([Reports(at(0))])
    hub.give(1000)
    assert len(heard) == 1


def test_a_fault_of_one_listener_keeps_nobody_from_the_picture(desk, caplog):
    hub, lookout, heard = desk
    hub.listen(lambda area, body: 1 / 0)
    late = []
    hub.listen(lambda area, body: late.append(area))
    lookout.observe([Reports(at(0))])
    hub.give(1000)
    assert (len(heard), late) == (1, ["antwerp"])
    assert "could not take" in caplog.text


def test_pictures_may_be_asked_while_ships_move(desk):
    hub, lookout, _ = desk
    faults = []

    def ask():
        try:
            for _ in range(50):
                msgspec.json.decode(hub.snapshot("antwerp"))
                hub._whole.clear()
        except Exception as fault:  # noqa: BLE001 - shown below
            faults.append(fault)

    asking = [threading.Thread(target=ask) for _ in range(3)]
    for thread in asking:
        thread.start()
    for second in range(100):
        with hub.lock:
            lookout.observe([Reports(at(*range(second * 20), second=second))])
        hub.give(second * 1000)
    for thread in asking:
        thread.join()
    assert faults == []
