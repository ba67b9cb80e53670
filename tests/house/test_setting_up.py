"""Setting up: each step runs once for the same inputs, and whatever fails says in words what to do."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def setup():
    """The script as a module; it is no part of the package."""
    found = importlib.util.spec_from_file_location("setup_script", ROOT / "tools" / "setup.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def counting(folder):
    """A command that leaves a line each time it runs."""
    return [sys.executable, "-c", f"open({str(folder / 'ran')!r}, 'a').write('x')"]


def test_a_step_runs_once_until_its_inputs_change(setup, tmp_path):
    for wanted in ("1", "1", "2", "2", "1"):
        setup.step("Something", tmp_path / "stamps" / "one", wanted, counting(tmp_path))
    assert (tmp_path / "ran").read_text() == "xxx"


def test_a_step_that_fails_says_what_to_do_and_runs_again_next_time(setup, tmp_path):
    broken = [sys.executable, "-c", "import sys; sys.exit('no network')"]
    with pytest.raises(SystemExit) as end:
        setup.step("Python packages", tmp_path / "stamp", "1", counting(tmp_path), broken)
    said = str(end.value)
    assert said.startswith("port2port: Python packages failed. The command was:")
    assert "no network" in said
    assert said.endswith("Mend that and run the same command again.")
    assert not (tmp_path / "stamp").exists()


def test_an_old_python_is_refused_before_anything_is_changed(setup, monkeypatch):
    monkeypatch.setattr(setup.sys, "version_info", (3, 9, 2))
    with pytest.raises(SystemExit, match=r"Python 3\.11 or newer is needed, this is "):
        setup.check_machine()


def test_a_python_without_venv_is_told_with_the_package_to_install(setup, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(SystemExit, match="apt-get install python3-venv"):
        setup.check_machine()


def test_a_folder_that_may_only_be_read_is_told(setup, monkeypatch):
    monkeypatch.setattr(setup.os, "access", lambda path, mode: False)
    with pytest.raises(SystemExit, match="cannot be written. Clone into a folder of your own, or change its owner"):
        setup.check_machine()


def test_an_environment_that_was_cut_off_is_made_again(setup, tmp_path):
    assert not setup.is_whole(tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    assert not setup.is_whole(tmp_path)
    pip = tmp_path / "lib" / "python3.11" / "site-packages" / "pip"
    pip.mkdir(parents=True)
    (pip / "__init__.py").touch()
    assert setup.is_whole(tmp_path)


def test_every_target_of_the_makefile_that_people_are_told_of_exists():
    targets = (ROOT / "Makefile").read_text()
    for told in ("run", "test", "check", "bench", "test-night"):
        assert f"\n{told}:" in targets, told
    assert subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True).returncode == 0
