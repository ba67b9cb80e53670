"""The settings reader: every wrong setting is named."""

import pytest

from port2port.project.config import AREAS, BadConfig, read_config


def test_the_demo_has_one_feed_for_each_area_on_ports_that_follow_each_other(tmp_path):
    feeds = read_config({"P2P_DEMO": "1", "P2P_STATE": str(tmp_path), "P2P_FEED_BASE": "20000"}).feeds
    assert [feed.area for feed in feeds] == list(AREAS)
    assert [feed.port for feed in feeds] == list(range(20000, 20000 + len(AREAS)))


def test_a_real_start_has_no_feed_until_one_is_set(tmp_path):
    assert read_config({"P2P_STATE": str(tmp_path), "P2P_CONFIG": str(tmp_path / "none.toml")}).feeds == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[feeds]]\nname='a'\narea='atlantis'\n", "area 'atlantis' is not one of"),
        ("[[feeds]]\nname='a'\narea='ghent'\ncolour=1\n", "unknown field `colour`"),
        ("[[feeds]]\nname='a'\n", "missing required field `area`"),
        ("feeds = [", "Invalid value"),
        ("port = 'eight'", "PORT must be a whole number"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, says):
    path = tmp_path / "port2port.toml"
    path.write_text(text)
    with pytest.raises(BadConfig, match=says):
        read_config({"P2P_CONFIG": str(path), "P2P_STATE": str(tmp_path)})


def test_the_environment_stands_over_the_file(tmp_path):
    path = tmp_path / "port2port.toml"
    path.write_text("port = 9000\n")
    assert read_config({"P2P_CONFIG": str(path), "PORT": "9001", "P2P_STATE": str(tmp_path)}).port == 9001
