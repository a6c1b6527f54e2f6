"""Plans of ReWOO, each with the statements that it means: both are drawn at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hypothesis import strategies as st

from llmc_grammar.dialects.form import plain_string


@dataclass(frozen=True, slots=True)
class Tools:
    """A toolbox that knows what its tools require."""

    required_by: dict[str, tuple[str, ...] | None] = field(
        default_factory=lambda: {
            "search": ("query",),
            "LLM": ("prompt",),
            "wiki": None,
            "web_search": ("q",),
            "add": ("a", "b"),
            "now": (),
        }
    )

    def __contains__(self, name: object) -> bool:
        """Whether a tool has this name."""
        return name in self.required_by

    def __len__(self) -> int:
        """How many tools there are."""
        return len(self.required_by)

    def __iter__(self) -> Iterator[str]:
        """The names of the tools."""
        return iter(self.required_by)

    def required(self, name: str) -> tuple[str, ...] | None:
        """The required parameters of a tool."""
        return self.required_by.get(name)


TOOLS: Final = Tools()
_WRITTEN: Final = {
    "search": ("search", "Search", "SEARCH"),
    "LLM": ("LLM", "llm"),
    "wiki": ("wiki", "Wiki"),
    "web_search": ("web_search", "Web Search", "web-search"),
}
_PARAMETER: Final = {"search": "query=", "LLM": "prompt=", "wiki": "", "web_search": "q="}
_words = st.sampled_from(
    ("tea", "it's", "$5", "$1 or ${x}", 'the "best"', "[sic]", "a, b = c", "é世", "#1", "{k: 1}", "C:\\new", "E99")
)  # fmt: skip
_thoughts = st.sampled_from(
    ("Find it.", "Use the result of #E1 (see above)", "Ask: how much?", "é", "first [a], then b")
)
_HEADS: Final = ("#{} = ", "# {} = ", "#{}: ", "#{}=", "**#{}** = ", "- #{} = ", "1. #{} = ", "`#{}` = ")


@dataclass(slots=True)
class Plan:
    """The text and the statements so far, and the names of the calls with their numbers."""

    first: int
    text: str = ""
    plan: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)
    tools: list[str] = field(default_factory=list)


def _content(draw: st.DrawFn, plan: Plan) -> tuple[str, str]:
    """The text in brackets, and the string that it means."""
    if plan.numbers and draw(st.integers(0, 3)) == 0:
        name = draw(st.sampled_from(sorted(plan.numbers)))
        return f"#{name}", f'"${plan.numbers[name]}"'
    text, string = "", ""
    for at in range(draw(st.integers(1, 3))):
        gap = draw(st.sampled_from((" ", ", ", "\n"))) if at else ""
        word = draw(_words)
        text, string = text + gap + word, string + plain_string(gap + word)[1:-1]
        is_used = draw(st.booleans())
        if plan.numbers and is_used:
            name = draw(st.sampled_from(sorted(plan.numbers)))
            tail = draw(st.sampled_from(("", "'s age", ".", "?")))
            text, string = f"{text} #{name}{tail}", f"{string} ${{{plan.numbers[name]}}}{tail}"
    around = draw(st.sampled_from(("", "", '"', "'"))) if not {"'", '"'} & set(text) else ""
    return f"{around}{text}{around}", f'"{string}"'


def _call(draw: st.DrawFn, plan: Plan, head: str) -> None:
    """A call, with square brackets or with arguments."""
    number = plan.first + len(plan.tools)
    name = f"E{draw(st.sampled_from((1, 10, 100))) + len(plan.tools)}"
    tool = draw(st.sampled_from(sorted(_WRITTEN)))
    written = draw(st.sampled_from(_WRITTEN[tool]))
    if plan.numbers and draw(st.integers(0, 4)) == 0:
        other = draw(st.sampled_from(sorted(plan.numbers)))
        content = f'({"x"}="about #{other}", y=#{other})'
        statement = f'{number}. {tool}(x="about ${{{plan.numbers[other]}}}", y=${plan.numbers[other]})'
    else:
        text, string = _content(draw, plan)
        content = draw(st.sampled_from((f"[{text}]", f"[ {text} ]")))
        statement = f"{number}. {tool}({_PARAMETER[tool]}{string})"
    plan.text += f"{head.format(name)}{written}{content}"
    plan.plan.append(statement)
    plan.tools.append(written)
    plan.numbers.setdefault(name, number)


@st.composite
def plans(draw: st.DrawFn) -> tuple[str, int, list[str], list[str]]:
    """A plan of ReWOO, the number of its first call, its statements, and its tools as written."""
    plan = Plan(draw(st.sampled_from((1, 7))))
    fence = draw(st.sampled_from(("", "", "```\n")))
    plan.text = fence
    for _ in range(draw(st.integers(1, 3))):
        layout = draw(st.sampled_from(("alone", "below", "lines", "beside", "several")))
        if layout in ("below", "lines", "beside"):
            thought = draw(_thoughts)
            plan.text += (
                f"{draw(st.sampled_from(('Plan: ', '**Plan 1:** ', 'Thought: ', '- Plan: ', 'Step 2: ')))}{thought}"
            )
            more = "and more." if layout == "lines" else ""
            plan.text += (f"\n{more}\n" if more else "\n") if layout != "beside" else " "
            plan.plan.append(f"Thought: {thought}{' ' + more if more else ''}")
        _call(draw, plan, draw(st.sampled_from(_HEADS)) if layout != "beside" else "#{} = ")
        if layout == "several":
            plan.text += draw(st.sampled_from((" ", ", ", "; ")))
            _call(draw, plan, "#{} = ")
        plan.text += draw(st.sampled_from(("\n", "\n\n", ".\n")))
    plan.text += "```" if fence else ""
    return plan.text, plan.first, plan.plan, plan.tools
