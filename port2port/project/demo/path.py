"""Where a ship is along a line of water, as a pure function of time.

>>> path = Path.through([(51.0, 4.0), (51.0, 4.1)])
>>> round(path.length_m)
6998
>>> spot = path.at(path.length_m / 2)
>>> round(spot.lat, 3), round(spot.lon, 3), round(spot.course_deg)
(51.0, 4.05, 90)
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

METRES_A_DEGREE = 111_195.0
KNOT = 0.514444  # metres a second

LatLon = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place and the course sailed there."""

    lat: float
    lon: float
    course_deg: float


def _metres(a: LatLon, b: LatLon) -> tuple[float, float]:
    """Give the way from a to b in metres north and east; good to a per mille within a port."""
    north = (b[0] - a[0]) * METRES_A_DEGREE
    east = (b[1] - a[1]) * METRES_A_DEGREE * math.cos(math.radians((a[0] + b[0]) / 2))
    return north, east


@dataclass(frozen=True, slots=True)
class Path:
    """A line with its distances."""

    points: tuple[LatLon, ...]
    reached_m: tuple[float, ...]

    @classmethod
    def through(cls, points: Sequence[LatLon]) -> "Path":
        """Measure a line; it needs two points at least."""
        legs = [math.hypot(*_metres(a, b)) for a, b in pairwise(points)]
        return cls(tuple(points), tuple(accumulate(legs, initial=0.0)))

    @property
    def length_m(self) -> float:
        """The whole length."""
        return self.reached_m[-1]

    def back(self) -> "Path":
        """The same line, sailed the other way."""
        return Path.through(self.points[::-1])

    def at(self, distance_m: float, *, starboard_m: float = 0.0) -> Spot:
        """Tell where a ship is after a distance, so many metres right of the line."""
        distance = min(max(distance_m, 0.0), self.length_m)
        leg = min(bisect_right(self.reached_m, distance), len(self.points) - 1) - 1
        a, b = self.points[leg], self.points[leg + 1]
        span = self.reached_m[leg + 1] - self.reached_m[leg]
        share = (distance - self.reached_m[leg]) / span if span else 0.0
        north, east = _metres(a, b)
        course = math.degrees(math.atan2(east, north)) % 360
        lat, lon = a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share
        return _beside(lat, lon, course, starboard_m)


@dataclass(frozen=True, slots=True)
class Passage:
    """A line sailed leg by leg, each at its own speed; `reached_s` is when each point is reached."""

    path: Path
    knots: tuple[float, ...]
    reached_s: tuple[float, ...]

    @classmethod
    def along(cls, path: Path, knots: Sequence[float]) -> "Passage":
        """Time a line; one speed, in knots above nought, for each leg."""
        legs = [far - near for near, far in pairwise(path.reached_m)]
        times = [leg / (speed * KNOT) for leg, speed in zip(legs, knots, strict=True)]
        return cls(path, tuple(knots), tuple(accumulate(times, initial=0.0)))

    @property
    def lasts_s(self) -> float:
        """Seconds from the first point to the last."""
        return self.reached_s[-1]

    def at(self, second: float, *, starboard_m: float) -> tuple[Spot, float]:
        """Tell where the ship is and how fast it goes; still at the last point afterwards."""
        if second >= self.lasts_s:
            return self.path.at(self.path.length_m, starboard_m=starboard_m), 0.0
        leg = bisect_right(self.reached_s, max(second, 0.0)) - 1
        speed = self.knots[leg]
        gone_m = self.path.reached_m[leg] + (second - self.reached_s[leg]) * speed * KNOT
        return self.path.at(gone_m, starboard_m=starboard_m), speed

    def back(self) -> "Passage":
        """The same, sailed the other way."""
        return Passage.along(self.path.back(), self.knots[::-1])


def _beside(lat: float, lon: float, course: float, starboard_m: float) -> Spot:
    side = math.radians(course + 90)
    north, east = starboard_m * math.cos(side), starboard_m * math.sin(side)
    return Spot(
        lat + north / METRES_A_DEGREE,
        lon + east / (METRES_A_DEGREE * math.cos(math.radians(lat))),
        course,
    )
