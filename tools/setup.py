"""Set a fresh machine up: .venv with every dependency, the front end, the catalogues. Standard library only.

Run by `make setup`; a second run ends at once. Every failure is one sentence that says what to do.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BUILT = ROOT / "port2port" / "ui" / "static" / "ui" / "built"


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, flush=True)


def stop(text: str) -> None:
    """End with one sentence that says what to do."""
    sys.exit(f"port2port: {text}")


def check_machine() -> None:
    """Refuse what cannot work, before anything is changed."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this file is what an older Python runs first
        stop(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}. Install python3.11 and try again.")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop("Python's venv is missing. On Debian and Ubuntu: apt-get install python3-venv")
    if not os.access(ROOT, os.W_OK):
        stop(f"the folder {ROOT} cannot be written. Clone into a folder of your own, or change its owner.")


def is_whole(venv: Path) -> bool:
    """Tell whether an environment was made to the end; one that was cut off has no pip yet."""
    return (venv / "bin" / "python").exists() and any(venv.glob("lib/python*/site-packages/pip/__init__.py"))


def digest(*paths: Path) -> str:
    """Tell whether inputs changed since they were last used."""
    total = hashlib.sha256()
    for path in paths:
        total.update(path.name.encode())
        total.update(path.read_bytes())
    return total.hexdigest()


def step(name: str, stamp: Path, wanted: str, *commands: list[str]) -> None:
    """Run commands unless their inputs are as last time; the stamp is written only when all went well."""
    if stamp.exists() and stamp.read_text() == wanted:
        return
    say(f"  {name} ...")
    start = time.monotonic()
    for command in commands:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            stop(
                f"{name} failed. The command was:\n  {' '.join(command)}\nIt said:\n"
                f"{(done.stderr or done.stdout)[-1500:]}\nMend that and run the same command again."
            )
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted)
    say(f"  {name} done in {time.monotonic() - start:.0f} s")


def main() -> None:
    """Set up, or find that all is there."""
    dev = "--dev" in sys.argv
    check_machine()
    if not is_whole(VENV):
        say("Setting up port2port; the first time takes a minute or two.")
        (VENV / ".made").unlink(missing_ok=True)
        step("Python environment", VENV / ".made", "1", [sys.executable, "-m", "venv", str(VENV)])
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done_by_dev = VENV / ".requirements-dev.lock"
    stamp = done_by_dev if dev else VENV / ".requirements.lock"
    if dev or not done_by_dev.exists() or done_by_dev.read_text() != digest(ROOT / "requirements-dev.lock"):
        step(
            "Python packages" + (" and test tools" if dev else ""),
            stamp,
            digest(lock),
            [*pip, "--require-hashes", "-r", str(lock)],
        )
    step(
        "port2port itself",
        VENV / ".self",
        digest(ROOT / "pyproject.toml"),
        [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    )
    client = sorted((ROOT / "port2port" / "ui" / "client").rglob("*.*"))
    step(
        "front end",
        BUILT / ".stamp",
        digest(ROOT / "package-lock.json", *client),
        [str(PYTHON), str(ROOT / "tools" / "build_front_end.py")],
    )
    catalogues = sorted((ROOT / "port2port" / "ui" / "locale").rglob("*.po"))
    step(
        "languages",
        VENV / ".languages",
        digest(*catalogues),
        [str(PYTHON), str(ROOT / "tools" / "compile_languages.py")],
    )


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("stopped. Run the same command again, it goes on where it was.")
