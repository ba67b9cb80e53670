"""The catalogues of page strings in nl, fr, de and en, extracted and compiled with Babel alone (no gettext).

    python -m port2port.ui.catalogues compile     .po -> .mo, where a catalogue is newer
    python -m port2port.ui.catalogues extract     bring every .po up to date with templates and code

A string's key is its English text, so the English catalogue repeats it; a plural is written out in all four.
"""

import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HOUSE = Path(__file__).resolve().parent.parent
LOCALES = Path(__file__).resolve().parent / "locale"
LANGUAGES = ("nl", "fr", "de", "en")
KEYWORDS = {
    "_": None, "gettext": None, "gettext_lazy": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2),
}  # fmt: skip
Message = tuple[str | tuple[str, ...], str]


def path_of(language: str) -> Path:
    """Tell where the catalogue of a language stands."""
    return LOCALES / language / "LC_MESSAGES" / "django.po"


def sources() -> Iterable[Path]:
    """Yield every file that may hold a string for people: templates and page code."""
    for pattern in ("**/templates/**/*.html", "**/*.py"):
        yield from sorted(path for path in HOUSE.glob(pattern) if "tests" not in path.parts)


def messages_of(path: Path) -> Iterable[Message]:
    """Yield the strings of one file, with its name; a plural is a pair."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = templatize(text)
    elif "gettext" not in text:
        return
    code = BytesIO(text.encode())
    for _, message, _, _ in extract("python", code, keywords=KEYWORDS):
        if message:
            yield tuple(message) if isinstance(message, (list, tuple)) else message, str(path.relative_to(HOUSE))


def wanted() -> dict[str | tuple[str, ...], list[str]]:
    """Gather every string that people may read, and the files it stands in."""
    found: dict[str | tuple[str, ...], list[str]] = {}
    for path in sources():
        for message, name in messages_of(path):
            places = found.setdefault(message, [])
            if name not in places:
                places.append(name)
    return found


def read(language: str) -> Catalog:
    """Read a catalogue; an empty one where there is none yet."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, domain="django", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language, domain="django")


def missing(language: str) -> list[str]:
    """List the strings a catalogue does not say."""
    catalogue = read(language)
    gaps = []
    for message in wanted():
        entry = catalogue.get(message if isinstance(message, str) else message[0])
        said = entry.string if entry is not None and not entry.fuzzy else ""
        if not said or (isinstance(said, tuple) and not all(said)):
            gaps.append(message if isinstance(message, str) else message[0])
    return gaps


def update(language: str) -> None:
    """Bring a catalogue up to date: new strings are added, strings that are gone are dropped."""
    old, fresh = read(language), Catalog(locale=language, domain="django", fuzzy=False, project="port2port")
    for message, places in sorted(wanted().items(), key=str):
        key = message if isinstance(message, str) else message[0]
        entry = old.get(key)
        said = entry.string if entry is not None else None
        if language == "en" and not said:
            said = message
        fresh.add(message, said, locations=[(place, None) for place in places])
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=110, sort_output=True, omit_header=False, include_lineno=False)


def compile_all() -> list[Path]:
    """Compile the catalogues whose text is newer than what was compiled; tell which."""
    made = []
    for language in LANGUAGES:
        source, target = path_of(language), path_of(language).with_suffix(".mo")
        if not source.exists() or (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            continue
        with target.open("wb") as file:
            write_mo(file, read(language))
        made.append(target)
    return made


if __name__ == "__main__":
    if sys.argv[1:] == ["extract"]:
        for spoken in LANGUAGES:
            update(spoken)
    compile_all()
