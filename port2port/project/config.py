"""One typed reader of all that an operator may set: the environment over `port2port.toml`.

Secrets are never read from here: they are made at first start in the state folder (0600).
"""

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from port2port.places.rules import AREAS

MOST_PORT = 65_535


class Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source of sensor data; `area` is whose it is, whatever positions it carries.

    kind: udp (we listen), tcp-server (we listen), tcp-client (we connect).
    """

    name: str
    area: str
    kind: str = "udp"
    host: str = "127.0.0.1"
    port: int = 10110
    owner: str = "port2port"


@dataclass(frozen=True, slots=True)
class Config:
    """What this deployment is."""

    state: Path
    demo: bool
    debug: bool
    host: str
    port: int
    database_url: str
    nats_url: str
    ais_out_port: int
    traffic: bool = True
    feeds: tuple[Feed, ...] = field(default=())
    allowed_hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "[::1]")


class BadConfig(ValueError):
    """A setting is wrong; the message names it and says what is allowed."""


def read_config(env: dict[str, str] | None = None) -> Config:
    """Read the configuration; raises BadConfig naming the setting."""
    env = dict(os.environ) if env is None else env
    table = _toml(Path(env.get("P2P_CONFIG", "port2port.toml")))
    demo = _flag(env.get("P2P_DEMO", table.get("demo", "0")))
    state = Path(str(env.get("P2P_STATE", table.get("state", "var/demo" if demo else "var/live"))))
    return Config(
        state=state.resolve(),
        demo=demo,
        debug=_flag(env.get("P2P_DEBUG", "0")),
        host=str(env.get("P2P_HOST", table.get("host", "127.0.0.1"))),
        port=_port("PORT", env.get("PORT", table.get("port", 8000))),
        database_url=str(env.get("DATABASE_URL", table.get("database_url", ""))),
        nats_url=str(env.get("NATS_URL", table.get("nats_url", ""))),
        ais_out_port=_port("P2P_AIS_OUT", env.get("P2P_AIS_OUT", table.get("ais_out_port", 0)), least=0),
        traffic=_flag(env.get("P2P_TRAFFIC", "1")),
        feeds=_feeds(table.get("feeds", []), demo=demo, base=env.get("P2P_FEED_BASE", "10110")),
        allowed_hosts=tuple(str(env.get("P2P_HOSTS", "localhost,127.0.0.1,[::1]")).split(",")),
    )


def open_state(state: Path) -> None:
    """Make the state folder where there is none; raises BadConfig where nothing can be written in it."""
    try:
        (state / "static").mkdir(parents=True, exist_ok=True)
        wrong = "" if os.access(state, os.W_OK | os.X_OK) else "permission denied"
    except OSError as error:
        wrong = str(error.strerror).lower()
    if wrong:
        raise BadConfig(
            f"the state folder {state} cannot be written: {wrong}; change its owner, or set P2P_STATE to another"
        )


def _toml(path: Path) -> dict[str, object]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{path}: {error}") from error


def _flag(value: object) -> bool:
    return str(value).lower() in {"1", "true", "yes", "on"}


def _number(name: str, value: object) -> int:
    try:
        return int(str(value))
    except ValueError as error:
        raise BadConfig(f"{name} must be a whole number, not {value!r}") from error


def _port(name: str, value: object, *, least: int = 1) -> int:
    """Read a port; 0 stands for none where that is allowed."""
    port = _number(name, value)
    if not least <= port <= MOST_PORT:
        raise BadConfig(f"{name} must be a port from {least} to {MOST_PORT}, not {port}")
    return port


def _feeds(rows: object, *, demo: bool, base: str) -> tuple[Feed, ...]:
    """Read the feeds; the demo world has one for each area, on ports that follow each other."""
    if demo and not rows:
        first = _port("P2P_FEED_BASE", base)
        return tuple(Feed(name=f"ais-{area}", area=area, port=first + i) for i, area in enumerate(AREAS))
    try:
        feeds = msgspec.convert(rows, tuple[Feed, ...])
    except msgspec.ValidationError as error:
        raise BadConfig(f"feeds: {error}") from error
    for feed in feeds:
        _check_feed(feed, feeds)
    return feeds


def _check_feed(feed: Feed, feeds: tuple[Feed, ...]) -> None:
    if feed.area not in AREAS:
        raise BadConfig(f"feeds: {feed.name}: area {feed.area!r} is not one of {', '.join(AREAS)}")
    if sum(other.name == feed.name for other in feeds) > 1:
        raise BadConfig(f"feeds: {feed.name}: two feeds have this name")
    _port(f"feeds: {feed.name}: port", feed.port)
