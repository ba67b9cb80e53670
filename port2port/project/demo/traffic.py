"""A day of invented ships on Belgian water: who sails, where each is at any second, and what its AIS then says.

Everything follows from the seed and the second, so that every start plays the same day and a test can ask for any
moment. Ships sail a route, lie at its end, and sail back; one small craft now and then goes where it may not.
"""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from port2port.project.demo.path import LatLon, Passage, Path, Spot
from port2port.protocols.ais.encode import encode

STATIC_EVERY_S = 60  # the standard says 6 minutes; the demo fills its ship cards sooner
MOORED_EVERY_S = 20
NAMES_A = "EXEMPLAR FICTIVA VOORBEELD SPECIMEN MODEL TESTA DUMMY PROEF SCHIJN PROTO FICTOR MAQUETTE".split()
NAMES_B = "STAR RIVER I II III V GRACE NORD ZEE MAAS DELTA LYS NETE DEMER RUPEL ZENNE DENDER".split()
PLEASURE = 37
RECKLESS = 0.03  # the share of ships that keep no speed limit
INTRUDER_KNOTS = 5.0
ROGUES = ("ONE", "TWO", "THREE", "FOUR", "FIVE", "SIX")


@dataclass(frozen=True, slots=True)
class Sort:
    """What ships of a sort are like: AIS types, lengths in metres, share of the route's speed."""

    types: tuple[int, ...]
    lengths_m: tuple[int, int]
    pace: tuple[float, float]
    class_b: bool = False


SORTS = {
    "sea_ship": Sort((70, 70, 71, 80, 84), (140, 366), (0.85, 1.1)),
    "coaster": Sort((70, 79, 80), (75, 135), (0.8, 1.0)),
    "barge": Sort((70, 79, 80, 89), (67, 135), (0.8, 1.1)),
    "tug": Sort((52,), (24, 36), (0.7, 1.1)),
    "ferry": Sort((60,), (20, 60), (0.9, 1.0)),
    "pilot": Sort((50,), (18, 40), (0.9, 1.2)),
    "police": Sort((55,), (12, 24), (0.8, 1.3)),
    "fishing": Sort((30,), (15, 40), (0.8, 1.0)),
    "service": Sort((33, 59, 90), (20, 60), (0.7, 1.0)),
    "pleasure": Sort((36, PLEASURE), (8, 16), (0.6, 0.9), class_b=True),
}


@dataclass(frozen=True, slots=True)
class Route:
    """A line of water and who sails it."""

    name: str
    points: Sequence[LatLon]
    traffic: Sequence[str]
    speed_knots: float
    limits_knots: Sequence[float] = ()

    def limits(self) -> Sequence[float]:
        """Give the speed allowed on each leg; no limit where none is known."""
        return self.limits_knots or [math.inf] * (len(self.points) - 1)


FIRST_MMSI = {"class_a": 205_999_000, "class_b": 205_998_000, "base": 2_059_900, "aid": 992_059_900}


@dataclass(frozen=True, slots=True)
class Ship:
    """One invented ship and the voyage it repeats."""

    mmsi: int
    name: str
    callsign: str
    kind: int
    length_m: int
    beam_m: int
    draught_m: float
    class_b: bool
    out: Passage
    home: Passage
    dwell_s: float
    phase_s: float
    starboard_m: float
    destination: str
    silent_from_s: float = math.inf

    def spot(self, second: float) -> tuple[Spot, float]:
        """Tell where the ship is and how fast it goes, in knots."""
        turn = self.out.lasts_s + self.dwell_s
        gone = (second + self.phase_s) % (turn + self.home.lasts_s + self.dwell_s)
        passage = self.out if gone < turn else self.home
        return passage.at(gone if gone < turn else gone - turn, starboard_m=self.starboard_m)

    def every_s(self, speed_knots: float) -> float:
        """Seconds between position reports (ITU-R M.1371-5, Annex 1, tables 1 and 2, rounded)."""
        if speed_knots < 0.5:
            return MOORED_EVERY_S
        if self.class_b:
            return 15
        return 10 if speed_knots < 14 else 6

    def says(self, second: int) -> Iterator[bytes]:
        """Give the sentences this ship sends in this second."""
        if second >= self.silent_from_s:
            return
        spot, speed = self.spot(second)
        turn = (second + self.mmsi) % 86_400
        if turn % int(self.every_s(speed)) == 0:
            yield from self._position(spot, speed, second)
        if turn % STATIC_EVERY_S == 0:
            yield from self._static()

    def _position(self, spot: Spot, speed: float, second: int) -> list[bytes]:
        facts = {
            "mmsi": self.mmsi,
            "lat": spot.lat,
            "lon": spot.lon,
            "speed": speed,
            "course": spot.course_deg % 359.9,
            "heading": round(spot.course_deg) % 360,
            "second": second % 60,
            "accuracy": 1,
        }
        if self.class_b:
            return encode(18, **facts)
        return encode(1, status=0 if speed else 5, turn=0, **facts)

    def _static(self) -> list[bytes]:
        facts = {
            "mmsi": self.mmsi,
            "callsign": self.callsign,
            "ship_type": self.kind,
            "to_bow": self.length_m * 3 // 4,
            "to_stern": self.length_m - self.length_m * 3 // 4,
            "to_port": self.beam_m // 2,
            "to_starboard": self.beam_m - self.beam_m // 2,
        }
        if self.class_b:
            return [*encode(24, partno=0, mmsi=self.mmsi, shipname=self.name), *encode(24, partno=1, **facts)]
        imo = 9_000_000 + self.mmsi % 100_000
        return encode(
            5, shipname=self.name, imo=_with_check_digit(imo // 10), destination=self.destination,
            draught=self.draught_m, month=0, day=0, hour=24, minute=60, **facts,
        )  # fmt: skip


def _with_check_digit(first_six: int) -> int:
    """Complete an IMO ship number (weights 7 to 2, sum modulo 10; IMO resolution A.1117(30))."""
    digits = [int(digit) for digit in f"{first_six:06d}"]
    return first_six * 10 + sum(digit * weight for digit, weight in zip(digits, range(7, 1, -1), strict=True)) % 10


def fleet(area: str, routes: Sequence[Route], *, most: int) -> list[Ship]:
    """Invent the ships of an area; the same every time."""
    dice = random.Random(f"port2port {area}")
    open_routes = [route for route in routes if len(route.points) > 1 and set(route.traffic) & SORTS.keys()]
    first = sum(map(ord, area)) % 90 * 10
    return [_ship(dice, dice.choice(open_routes), first + number) for number in range(most) if open_routes]


def _ship(dice: random.Random, route: Route, number: int) -> Ship:
    sort = SORTS[dice.choice([name for name in route.traffic if name in SORTS])]
    pace = dice.uniform(*sort.pace)
    limit = math.inf if dice.random() < RECKLESS else 0.92
    knots = [min(route.speed_knots * pace, most * limit) for most in route.limits()]
    passage = Passage.along(Path.through(route.points), [round(speed, 1) for speed in knots])
    length = dice.randrange(*sort.lengths_m)
    return Ship(
        mmsi=FIRST_MMSI["class_b" if sort.class_b else "class_a"] + number,
        name=f"{dice.choice(NAMES_A)} {dice.choice(NAMES_B)}",
        callsign=f"OZ{number:04d}",
        kind=dice.choice(sort.types),
        length_m=length,
        beam_m=max(3, length // 7),
        draught_m=max(0.5, min(15.0, length / 22)),
        class_b=sort.class_b,
        out=passage,
        home=passage.back(),
        dwell_s=dice.uniform(300, 2400),
        phase_s=dice.uniform(0, 86_400),
        starboard_m=dice.uniform(5, min(30, 5 + length / 8)),
        destination=route.name.split("\u2013")[-1].upper().encode("ascii", "ignore").decode()[:20],
    )


def intruder(area: str, *, start: LatLon, inside: LatLon, number: int, phase_s: float) -> Ship:
    """Invent the craft that goes into a restricted zone, stays a while, and comes out again."""
    passage = Passage.along(Path.through([start, inside]), [INTRUDER_KNOTS])
    return Ship(
        mmsi=FIRST_MMSI["class_b"] + 900 + number, name=f"ROGUE {ROGUES[number % len(ROGUES)]}",
        callsign=f"OR{number:03d}",
        kind=PLEASURE, length_m=9, beam_m=3, draught_m=0.6, class_b=True, out=passage, home=passage.back(),
        dwell_s=240.0, phase_s=phase_s, starboard_m=0.0, destination="",
    )  # fmt: skip
