"""Why a line, a sentence or a message was refused: a name for each reason, and the part of the line it lies in."""

from enum import StrEnum


class Reason(StrEnum):
    """A reason to refuse; each is counted, none is an exception in the live path."""

    NOT_AIS = "not-ais"  # another sentence, or a comment: no fault of anybody
    NOT_NMEA = "not-nmea"
    TOO_LONG = "line-too-long"
    BAD_TAG_BLOCK = "bad-tag-block"  # the block is set aside; a sound sentence behind it is still read
    NO_CHECKSUM = "no-checksum"
    BAD_CHECKSUM = "bad-checksum"
    BAD_FIELDS = "bad-fields"
    BAD_PARTS = "bad-parts"
    BAD_FILL = "bad-fill"
    BAD_ARMOUR = "bad-armour"
    EMPTY_PAYLOAD = "empty-payload"
    PART_REPEATED = "part-repeated"
    PARTS_MISSING = "parts-missing"
    UNKNOWN_TYPE = "unknown-type"
    UNKNOWN_PART = "unknown-part"
    TOO_SHORT = "message-too-short"


PLACE: dict[Reason, str] = {
    Reason.NOT_AIS: "sentence",
    Reason.NOT_NMEA: "sentence",
    Reason.TOO_LONG: "line",
    Reason.BAD_TAG_BLOCK: "tag block",
    Reason.NO_CHECKSUM: "checksum",
    Reason.BAD_CHECKSUM: "checksum",
    Reason.BAD_FIELDS: "sentence",
    Reason.BAD_PARTS: "part number",
    Reason.BAD_FILL: "fill bits",
    Reason.BAD_ARMOUR: "payload",
    Reason.EMPTY_PAYLOAD: "payload",
    Reason.PART_REPEATED: "part number",
    Reason.PARTS_MISSING: "part number",
    Reason.UNKNOWN_TYPE: "msg_type",
    Reason.UNKNOWN_PART: "partno",
    Reason.TOO_SHORT: "payload",
}

SAYS: dict[Reason, str] = {
    Reason.NOT_AIS: "is not an AIS sentence",
    Reason.NOT_NMEA: "begins with neither '!', '$', '\\' nor '#'",
    Reason.TOO_LONG: "is longer than a sentence may be",
    Reason.BAD_TAG_BLOCK: "has no end or a wrong checksum",
    Reason.NO_CHECKSUM: "is missing",
    Reason.BAD_CHECKSUM: "does not match the sentence",
    Reason.BAD_FIELDS: "does not have the seven fields of VDM and VDO",
    Reason.BAD_PARTS: "is not 1 to 9, or beyond the number of parts",
    Reason.BAD_FILL: "are not 0 to 5",
    Reason.BAD_ARMOUR: "has a character outside the six-bit armour",
    Reason.EMPTY_PAYLOAD: "is empty",
    Reason.PART_REPEATED: "came twice",
    Reason.PARTS_MISSING: "never came for a message begun before",
    Reason.UNKNOWN_TYPE: "is none of the 27 messages of ITU-R M.1371-5",
    Reason.UNKNOWN_PART: "is neither part A nor part B",
    Reason.TOO_SHORT: "is too short for its message",
}


class BadPayload(ValueError):
    """A payload that is no message of ITU-R M.1371-5."""

    def __init__(self, reason: Reason, field: str = "") -> None:
        self.reason = reason
        self.field = field or PLACE[reason]
        super().__init__(f"{self.field} {SAYS[reason]}")
