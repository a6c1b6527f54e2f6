"""Cases written in Markdown: a heading, some prose, a program and what comes of it.

    ## What the case shows

    Tools: `search` read(web), `send` write(mail)

    Two code blocks follow: the program, and what comes of it.

`make bless` writes what did come of it into the file; the difference is then to be read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.golden import settle

BLOCKS = re.compile(
    r"^## (?P<title>[^\n]+)\n(?P<prose>(?:(?!^## |^```).*\n)*)"
    r"^```llmc\n(?P<before>(?:(?!^```).*\n)*)^```\n\s*^```(?P<kind>\w+)\n(?P<after>(?:(?!^```).*\n)*)^```$",
    re.MULTILINE,
)
TOOL = re.compile(r"`([\w.]+)` ([a-z]+(?:\([^)]*\))?)")


@dataclass(frozen=True, slots=True)
class Case:
    """A program and what is to come of it; `tools` are effects by name, empty where the case names none.

    `kind` is what `after` is: `llmc`, or the language that its block names.
    """

    path: Path
    title: str
    tools: dict[str, str]
    before: str
    after: str
    kind: str = "llmc"

    def check(self, become: Callable[["Case"], str]) -> None:
        """Compare with what comes of it now, or write that down."""
        found = become(self)
        settle(found, self.after, lambda: self._write(found))

    def _write(self, found: str) -> None:
        """Write down what comes of it now."""
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(BLOCKS.sub(lambda match: self._with(match, found), text), encoding="utf-8")

    def _with(self, match: re.Match[str], found: str) -> str:
        """The text of a case, with what comes of it now if it is this one."""
        if match["title"] != self.title:
            return match[0]
        start, end = match.start("after") - match.start(), match.end("after") - match.start()
        return match[0][:start] + found + match[0][end:]


def cases(path: Path) -> list[Case]:
    """The cases of a file."""
    text = path.read_text(encoding="utf-8")
    found = [_case(path, match) for match in BLOCKS.finditer(text)]
    assert len(found) == text.count("\n## "), f"a case of {path.name} is not in the form of a case"
    assert len({case.title for case in found}) == len(found), f"two cases of {path.name} have one title"
    return found


def _case(path: Path, match: re.Match[str]) -> Case:
    tools = {
        name: effect
        for line in re.findall(r"^Tools: .*$", match["prose"], re.MULTILINE)
        for name, effect in TOOL.findall(line)
    }
    return Case(path, match["title"], tools, match["before"], match["after"], match["kind"])
