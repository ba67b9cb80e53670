"""Every theme can be read, and its states told apart by eyes that see colour otherwise (experience.md 2.3)."""

import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

UI = Path(__file__).resolve().parent.parent
PALETTE = json.loads((UI / "palette.json").read_text())
TOKENS = (UI / "static" / "ui" / "tokens.css").read_text()
STATES = ("p1", "p2", "p3", "p4", "ok")
TEXT, LINE, TELL_APART = 4.5, 3.0, 10.0

# Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ),
}


def theme_tokens(theme: str) -> dict[str, str]:
    block = re.search(rf'\[data-theme="{theme}"\] \{{(.*?)\}}', TOKENS, re.S)
    assert block, theme
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", block.group(1)))


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = rgb @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    t = xyz / [0.95047, 1.0, 1.08883]
    f = np.where(t > 0.008856, np.cbrt(np.maximum(t, 0)), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", PALETTE)
def test_the_tokens_are_the_palette_value_by_value(theme):
    tokens = theme_tokens(theme)
    assert {name: tokens[name] for name in PALETTE[theme]} == PALETTE[theme]


@pytest.mark.parametrize("theme", PALETTE)
def test_text_can_be_read_on_every_ground_it_stands_on(theme):
    t = theme_tokens(theme)
    pairs = [(ink, ground) for ink in ("text", "muted") for ground in ("bg", "surface", "hover", "inset")]
    pairs += [("text", "sel"), *((f"{p}on", p) for p in STATES), ("p1line", "surface")]
    short = {
        pair: round(contrast(t[pair[0]], t[pair[1]]), 2)
        for pair in pairs
        if contrast(t[pair[0]], t[pair[1]]) < TEXT
    }
    assert not short


@pytest.mark.parametrize("theme", PALETTE)
def test_edges_focus_and_state_lines_stand_out(theme):
    t = theme_tokens(theme)
    lines = [name for name in ("edge", "focus", "p1line", "p2line", "p3line", "p4line", "okline") if name in t]
    short = {
        (line, ground): round(contrast(t[line], t[ground]), 2)
        for line in lines
        for ground in ("bg", "surface")
        if contrast(t[line], t[ground]) < LINE
    }
    assert not short


@pytest.mark.parametrize("theme", PALETTE)
@pytest.mark.parametrize("eyes", BLINDNESS)
def test_no_two_states_look_alike_to_the_colour_blind(theme, eyes):
    seen = {p: lab(np.clip(np.array(BLINDNESS[eyes]) @ linear(PALETTE[theme][p]), 0, 1)) for p in STATES}
    apart = {(a, b): float(np.linalg.norm(seen[a] - seen[b])) for a, b in combinations(STATES, 2)}
    assert min(apart.values()) >= TELL_APART, apart


@pytest.mark.parametrize("theme", PALETTE)
def test_ships_and_names_stand_out_on_the_map(theme):
    t = theme_tokens(theme)
    for ground in ("map-water", "map-land", "map-plot", "map-deep"):
        assert contrast(t["text"], t[ground]) >= TEXT, ground
        assert contrast(t["muted"], t[ground]) >= LINE, ground


def test_no_colour_stands_outside_the_tokens():
    literal = re.compile(r"#(?:[0-9A-Fa-f]{8}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b|\b(?:rgba|hsla?)\(")
    files = [path for path in (*UI.glob("static/ui/*.css"), *UI.glob("client/*.ts")) if path.name != "tokens.css"]
    assert len(files) > 10
    assert {path.name: found for path in files if (found := literal.findall(path.read_text()))} == {}
