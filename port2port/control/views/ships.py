"""The words for what a ship says about itself (ITU-R M.1371-5, table 53 and table 47)."""

from django.utils.translation import gettext as _


def type_words(number: int | None) -> str:
    """Name the type of ship; a number without a name in the standard is shown as the number."""
    if number is None:
        return ""
    single = _single_types().get(number)
    if single:
        return single
    family = _families().get(number // 10, "")
    return family or _("type %(n)s") % {"n": number}


def _families() -> dict[int, str]:
    return {
        2: _("wing in ground craft"), 4: _("high-speed craft"), 6: _("passenger ship"), 7: _("cargo ship"),
        8: _("tanker"), 9: _("other type"),
    }  # fmt: skip


def _single_types() -> dict[int, str]:
    return {
        30: _("fishing vessel"), 31: _("towing"), 32: _("towing, long"), 33: _("dredger"), 34: _("diving vessel"),
        35: _("military vessel"), 36: _("sailing vessel"), 37: _("pleasure craft"), 50: _("pilot vessel"),
        51: _("search and rescue vessel"), 52: _("tug"), 53: _("port tender"), 54: _("anti-pollution vessel"),
        55: _("law enforcement vessel"), 58: _("medical transport"), 59: _("ship of a neutral state"),
    }  # fmt: skip


def status_words(number: int | None) -> str:
    """Name the navigational status; empty where none was sent."""
    return {
        0: _("under way using engine"), 1: _("at anchor"), 2: _("not under command"),
        3: _("restricted manoeuvrability"), 4: _("constrained by her draught"), 5: _("moored"), 6: _("aground"),
        7: _("fishing"), 8: _("under way sailing"), 11: _("towing astern"), 12: _("pushing or towing alongside"),
        14: _("AIS-SART is active"),
    }.get(-1 if number is None else number, "")  # fmt: skip
