"""Profiles: how long the calls of each tool took in recorded runs.

    profile = Profile.from_traces("monday.jsonl", "tuesday.jsonl")
    run = await program.run(profile=profile)

A call counts if its tool gave a value, from its start to its end, with its retries. The waits for its turn and for an
approval come before its start. Calls that failed, fell back, were given up or never ended do not count.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from llmc_compiler.representation.brief import Brief
from llmc_grammar.portable import Portable
from llmc_runtime.input_files import read_start
from llmc_runtime.validation import check_amount, check_kind

if TYPE_CHECKING:
    from llmc_runtime.tracing.trace import Trace, TracedKey


class ProfileError(Portable, ValueError):
    """A file is not a readable trace; the text has its name, the line and the reason."""


@dataclass(frozen=True, slots=True, repr=False)
class Profile(Brief):
    """Measured latencies of tools, which rank waiting calls instead of the declared ones."""

    latencies: Mapping[str, float]
    """The seconds of a call, by the name of the tool."""

    def __post_init__(self) -> None:
        """Check the latencies; raises TypeError, and ValueError for a negative number."""
        check_kind("latencies", self.latencies, Mapping, "a mapping from tools to seconds")
        for tool, seconds in self.latencies.items():
            check_kind("tool", tool, str, "the name of a tool")
            check_amount(f"the latency of `{tool}`", seconds)

    @staticmethod
    def from_traces(*files: str | Path) -> "Profile":
        """Take the median over the calls in all of these traces; raises OSError, and ProfileError for other files."""
        from llmc_runtime.tracing.trace import LARGEST, TraceError, read_trace  # noqa: PLC0415 — not needed to run plans

        calls: dict[str, list[float]] = {}
        for file in files:
            try:
                trace = read_trace(BytesIO(read_start(file, LARGEST + 1)))
            except TraceError as error:
                raise ProfileError(f"{file}: {error}") from error
            for tool, seconds in _calls(trace):
                calls.setdefault(tool, []).append(seconds)
        return Profile({tool: median(times) for tool, times in calls.items()})


def _calls(trace: "Trace") -> Iterator[tuple[str, float]]:
    """Yield the tool and the seconds of each call that gave a value."""
    open_calls: dict[TracedKey, tuple[str, float]] = {}
    for event in trace.events:
        if event.key is None:
            if event.event == "Restarted":  # its keys may be used again
                open_calls.clear()
        elif event.event == "Started" and isinstance(tool := event.fields.get("tool"), str):
            open_calls[event.key] = tool, event.at
        elif event.event not in {"Retried", "Stalled"}:
            call = open_calls.pop(event.key, None)
            if call is not None and event.event == "Finished":
                yield call[0], event.at - call[1]
