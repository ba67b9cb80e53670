"""What is wrong with a folder of places, said so that a person can mend it.

>>> print(Problem("BEANR/zones.geojson", "features[0].id", "is missing"))
BEANR/zones.geojson: features[0].id: is missing
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault: in which file, in which field, and why it is one."""

    file: str
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.field}: {self.reason}"


class BadPlaces(ValueError):
    """Folders of places that may not be loaded; `problems` holds every fault found, not only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
