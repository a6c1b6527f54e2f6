"""Ratios that are measured, the most that each may be, and the verdict on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ratio:
    """The cost of a thing in llmc, beside the cost of another thing; both in seconds."""

    name: str
    ours: float
    against: str
    theirs: float
    most: float | None = None
    """The target; None for a ratio that is shown for information."""
    checked: float | None = None
    """Seconds of a loop by hand that checks too, None if it was not measured."""

    @property
    def value(self) -> float:
        """How many times as much llmc takes."""
        return self.ours / self.theirs

    @property
    def is_over(self) -> bool:
        """Whether the ratio is over its target."""
        return self.most is not None and self.value > self.most


HEAD = f"{'µs':<52}{'llmc':>11}  {'beside':<22}{'':>9}{'ratio':>8}{'at most':>9}{'checked by hand':>17}"


def line(ratio: Ratio) -> str:
    """The line of a table: the last column is the ratio to the loop that checks by hand."""
    most = "" if ratio.most is None else f"{ratio.most:.3g}"
    checked = "" if ratio.checked is None else f"{ratio.ours / ratio.checked:.2f}"
    value = f"{ratio.value:.2f}" if ratio.value >= 0.1 else f"{ratio.value:.3f}"
    mark = "  over" if ratio.is_over else ""
    return (
        f"{ratio.name:<52}{ratio.ours * 1e6:>11.2f}  {ratio.against:<22}{ratio.theirs * 1e6:>9.2f}{value:>8}{most:>9}"
        f"{checked:>17}{mark}"
    ).rstrip()


def over(ratios: Iterable[Ratio]) -> list[str]:
    """The lines of the ratios that are over their targets."""
    return [line(ratio) for ratio in ratios if ratio.is_over]


def verdict(ratios: Sequence[Ratio]) -> tuple[int, str]:
    """The exit status of a check, and its words; a check without a target fails, since it has checked nothing."""
    targets = sum(ratio.most is not None for ratio in ratios)
    if not targets:
        return 1, "no ratio with a target was measured"
    lines = over(ratios)
    if not lines:
        return 0, f"{targets} ratios are within their targets"
    return 1, "\n".join([f"{len(lines)} of {targets} ratios are over their targets:", *lines])
