"""What was found and is news: a beginning of what does not stand yet, an end of what does."""

from collections.abc import Iterable

from port2port.detection import actions
from port2port.detection.actions import Finding, Whose
from port2port.detection.models import StandingCondition
from port2port.detection.rules.signals import Signal


class Findings:
    """Keeps what stands, as the table of conditions does, and what waits to be published."""

    def __init__(self) -> None:
        rows = StandingCondition.objects.values_list("area", "picture", "key")
        self._standing: dict[tuple[str, str, str], None] = dict.fromkeys(rows)
        self.waiting: list[Finding] = []

    def __len__(self) -> int:
        return len(self._standing)

    def stands(self, area: str, picture: str, key: str) -> bool:
        """Tell whether a condition was raised and not cleared."""
        return (area, picture, key) in self._standing

    def keys(self, area: str, picture: str) -> list[str]:
        """List the conditions that stand in an area and picture."""
        return [key for a, p, key in self._standing if (a, p) == (area, picture)]

    def add(self, whose: Whose, signals: Iterable[Signal]) -> None:
        """Keep what is news."""
        for signal in signals:
            finding = Finding(signal, whose)
            if signal.began == (finding.place in self._standing):
                continue
            if signal.began:
                self._standing[finding.place] = None
            else:
                del self._standing[finding.place]
            self.waiting.append(finding)

    def publish(self, *, position: int) -> None:
        """Publish what waits, together with the position that it covers."""
        actions.publish_findings(self.waiting, position=position)
        self.waiting = []
