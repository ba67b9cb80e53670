"""The house keeps its own rules: rooms, sizes, names, documents, licences."""

import ast
import csv
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
HOUSE = ROOT / "port2port"
BANNED = {"utils", "helpers", "common", "core", "misc", "manager", "data", "info", "process", "handle"}
SOURCES = [path for path in HOUSE.rglob("*.py") if "/migrations/" not in str(path)]
PRODUCT = [path for path in SOURCES if "/tests/" not in str(path)]


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_map_names_the_rooms_in_stair_order():
    stair = next(c for c in project()["tool"]["importlinter"]["contracts"] if c["type"] == "layers")["layers"]
    rooms = [room.strip() for step in stair for room in step.split("|")]
    mapped = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "map.md").read_text(), re.MULTILINE)
    assert mapped == rooms


def test_every_glossary_identifier_exists_in_its_room():
    with (ROOT / "docs" / "glossary.csv").open(encoding="utf-8") as table:
        for row in csv.DictReader(table):
            assert all(row[language] for language in ("nl", "fr", "de", "en")), row
            text = "\n".join(path.read_text() for path in (HOUSE / row["room"]).rglob("*.py"))
            assert re.search(rf"\b{row['identifier']}\b", text), f"{row['identifier']} is not in {row['room']}"


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_file_has_a_name_that_says_nothing(path):
    assert path.stem not in BANNED


def test_files_stay_within_a_sense_of_proportion():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in PRODUCT
        if path.name != "verify.py" and (lines := len(path.read_text().splitlines())) > 480
    }
    assert not long


def functions() -> list[tuple[str, int]]:
    found = []
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append((f"{path.relative_to(HOUSE)}:{node.name}", (node.end_lineno or 0) - node.lineno + 1))
    return found


def test_functions_are_short():
    sizes = sorted(size for _, size in functions())
    assert sizes[len(sizes) // 2] <= 10
    assert sizes[len(sizes) * 9 // 10] <= 28


def test_no_function_is_a_wall():
    assert not [(name, size) for name, size in functions() if size > 60]


def test_the_product_never_imports_a_peer_of_the_tests():
    wanted = {"aiscat", "pymerkle", "pyais", "marlin", "duckdb", "hypothesis", "playwright"}
    for path in PRODUCT:
        names = {
            alias.name.split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {
            (node.module or "").split(".")[0]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom)
        }
        assert not names & wanted, path


def test_locks_name_no_registry():
    locks = (ROOT / "package-lock.json", ROOT / "requirements.lock", ROOT / "requirements-dev.lock")
    for lock in locks:
        text = lock.read_text()
        assert "index-url" not in text
        assert '"resolved": "http' not in text


def test_the_protocols_and_the_engine_load_without_django():
    code = (
        "import sys, pkgutil, importlib, port2port.protocols as p, port2port.engine as e\n"
        "for package in (p, e):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if '.tests' not in module.name: importlib.import_module(module.name)\n"
        "assert 'django' not in sys.modules, 'django was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_sqlite_library_is_free_of_the_wal_reset_fault():
    code = "import port2port, sqlite3; assert sqlite3.sqlite_version_info >= (3, 51, 3), sqlite3.sqlite_version"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_every_decision_is_one_page():
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert pages
    for page in pages:
        assert re.match(r"\d{4}-[a-z0-9-]+\.md$", page.name)
        assert len(page.read_text().splitlines()) <= 60, page
