"""The calls of a dry run, as lines or as JSON."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from llmc.cli.terminal.output import counted
from llmc.cli.terminal.screen import Painted
from llmc_compiler.passes.remarks import task_of
from llmc_compiler.terminal_cells import cells, fit, marked, padded
from llmc_grammar.terminal_text import json_text

if TYPE_CHECKING:
    from llmc_runtime.program.dry_run import Planned

_WIDTH: Final = 100
_LABEL: Final = 16
_TEXT: Final = 46
_EFFECT: Final = 20
_ANSWERS: Final = {"runs": "", "asks": "asks first", "refused": "refused"}


def print_dry(calls: "Sequence[Planned]", *, as_json: bool) -> None:
    """Write the calls of a dry run to standard output."""
    if as_json:
        print(json_text({"version": 1, "calls": [call.to_json() for call in calls]}))
        return
    for line in lines(calls):
        print(Painted(line))


def lines(calls: "Sequence[Planned]") -> Iterator[str]:
    """Yield a line for each call: its task, its text, its effects and remarks; then a summary."""
    labels = max((cells(fit(call.task, _LABEL)) for call in calls), default=0)
    written = [fit(marked(_text(call)), _TEXT) for call in calls]
    inner = {f"${call.node}": call.written for call in calls if "/" in call.node and call.written}
    texts = max(map(cells, written), default=0)
    effects = max((cells(fit(", ".join(call.effects), _EFFECT)) for call in calls), default=0)
    for call, text in zip(calls, written, strict=True):
        columns = (
            padded(fit(call.task, _LABEL), labels),
            padded(text, texts),
            padded(fit(", ".join(call.effects), _EFFECT), effects),
        )
        yield f"{'  '.join(columns)}  {'; '.join(_remarks(call, inner))}".rstrip()
    asking, refused = (sum(call.answer == answer for call in calls) for answer in ("asks", "refused"))
    words = [counted(len(calls), "call")]
    words += [f"{asking} would ask"] if asking else []
    words += [f"{refused} would be refused"] if refused else []
    yield f"{', '.join(words)}; nothing was called"


def _text(call: "Planned") -> str:
    """Return the text of a call; the plan's text if it may refer to inner calls, whose ids the plan does not show."""
    return call.written or call.text if "/" in call.text else call.text


def _remarks(call: "Planned", inner: Mapping[str, str]) -> Iterator[str]:
    """Yield remarks on a call; inner calls in conditions are shown as the plan writes them."""
    if call.answer != "runs":
        yield _ANSWERS[call.answer]
    if call.in_loop:
        yield "for each element" if call.elements is None else f"for each of {counted(call.elements, 'element')}"
    if call.conditions:
        words = " and ".join(call.conditions)
        for node in sorted(inner, key=len, reverse=True) if "/" in words else ():
            words = words.replace(node, inner[node])
        yield fit(f"if {words}", _WIDTH)
    if before := dict.fromkeys(task for task in map(task_of, call.waits) if task != call.task):
        yield fit(f"after {', '.join(before)}", _WIDTH)
