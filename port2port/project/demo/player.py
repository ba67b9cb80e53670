"""Plays the invented day: every second each ship's sentences leave by UDP to the feed of its area."""

import math
import socket
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from shapely import Point

from port2port.engine.clock import REAL
from port2port.places import queries as places
from port2port.project.config import Feed
from port2port.project.demo.traffic import Route, Ship, fleet, intruder

SHIPS = {
    "antwerp": 44,
    "zeebrugge": 26,
    "ghent": 24,
    "ostend": 12,
    "liege": 12,
    "brussels": 8,
    "genk": 6,
    "hasselt": 4,
}
FIRST_INTRUDER_S, BETWEEN_INTRUDERS_S = 45, 60


class Player:
    """A thread that sends; `stop` ends it within a second."""

    def __init__(self, feeds: Iterable[Feed], *, began: datetime) -> None:
        second = _second_of_day(began)
        self._fleets = [(feed, _area_fleet(feed.area, second)) for feed in feeds]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._play, name="demo-traffic", daemon=True)
        self.ships = sum(len(ships) for _, ships in self._fleets)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """End sending."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def _play(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            last = _second_of_day(REAL.now()) - 1
            while not self._stopping.wait(0.2):
                now = _second_of_day(REAL.now())
                if now < last:  # midnight
                    last = -1
                for second in range(last + 1, now + 1):
                    self._send(wire, second)
                last = now

    def _send(self, wire: socket.socket, second: int) -> None:
        for feed, ships in self._fleets:
            for ship in ships:
                for sentence in ship.says(second):
                    wire.sendto(sentence + b"\r\n", (feed.host, feed.port))


def _second_of_day(moment: datetime) -> int:
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def _area_fleet(area: str, second: int) -> list[Ship]:
    zones = places.zones_for([area])
    routes = [_route(line) for line in places.routes(area)]
    ships = fleet(area, routes, most=SHIPS.get(area, 0))
    restricted = [zone for zone in zones if zone.kind == "restricted"]
    return ships + [
        _intruder_into(zone, routes, number=number, second=second)
        for number, zone in enumerate(restricted)
        if routes
    ]


def _route(line: places.RouteLine) -> Route:
    """Make a route of a line of water, with the speed that its zones allow on each leg."""
    return Route(line.name["en"], line.points, line.traffic, line.speed_knots, line.leg_knots)


def _intruder_into(zone: places.ZoneShape, routes: list[Route], *, number: int, second: int) -> Ship:
    """Start on the water beside the zone, so that the craft crosses its edge soon after the demo began."""
    middle = zone.polygon.representative_point()
    inside = (middle.y, middle.x)
    outside = [point for route in routes for point in route.points if not zone.polygon.covers(Point(point[::-1]))]
    start = min(outside, key=lambda point: math.dist(point, inside))
    craft = intruder(zone.area, start=start, inside=inside, number=number, phase_s=0.0)
    cycle = 2 * (craft.out.lasts_s + craft.dwell_s)
    due = second + FIRST_INTRUDER_S + number * BETWEEN_INTRUDERS_S
    return replace(craft, phase_s=(craft.out.lasts_s - due) % cycle)
