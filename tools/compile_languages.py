"""Compile the catalogues of port2port/ui/locale with Babel; no gettext is needed on the machine."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "port2port" / "ui" / "locale"


def main() -> None:
    """Write a .mo beside each .po."""
    for source in sorted(LOCALE.rglob("*.po")):
        with source.open("rb") as readable:
            catalogue = read_po(readable)
        with source.with_suffix(".mo").open("wb") as writable:
            write_mo(writable, catalogue)


if __name__ == "__main__":
    main()
