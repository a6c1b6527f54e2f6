"""The page of the grammar: the rules of plan.lark, with links from each use of a rule to its definition."""

import re
from html import escape
from importlib import resources
from typing import Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PAGE: Final = "reference/grammar.md"

INTRODUCTION: Final = """\
# Grammar

The grammar of one statement, as the parser reads it. [The language](language.md) explains what the statements mean.

A plan is cut into statements first. A statement may go on over several lines while a bracket or a string is open.
`Thought:` lines and the end mark are taken before the grammar is applied. Each name below leads to its rule.

| notation | meaning |
| --- | --- |
| `"if"` | this text |
| `NAME` | a terminal, defined by a regular expression at the end of the page |
| `flat` | a rule |
| `[type]` | optional |
| `a | b` | one of several forms |
"""

_RULE: Final = re.compile(r"^[!?]*(?P<name>[a-z]+|[A-Z]+):")
_SHAPE: Final = re.compile(r"\s+-> \w+$")
_TOKEN: Final = re.compile(r'"[^"]*"|\b[a-z]+\b|\b[A-Z]+\b')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the page."""
    text = resources.files("llmc_grammar").joinpath("plan.lark").read_text("utf-8")
    files.append(File.generated(config, PAGE, content=page(text)))
    return files


def page(text: str) -> str:
    """Return the page for the text of a grammar, whose parts begin with a comment that is their title."""
    _, *parts = text.strip().split("\n\n")
    names = {rule["name"] for line in text.splitlines() if (rule := _RULE.match(line))}
    return "\n".join((INTRODUCTION, *(_section(part.splitlines(), names) for part in parts)))


def _section(lines: list[str], names: set[str]) -> str:
    """Return a section; comments on lines below its title are for programmers."""
    rules = "\n".join(_rule(line, names) for line in lines[1:] if not line.startswith(("//", "%")))
    title = lines[0].removeprefix("// ")
    return f'## {title}\n\n<pre class="grammar" tabindex="0"><code>{rules}</code></pre>\n'


def _rule(line: str, names: set[str]) -> str:
    """Return a line without the marks that shape the tree, and with links to rules; a regular expression stays."""
    code, _, comment = line.partition("  // ")
    head = _RULE.match(code)
    name = head["name"] if head else ""
    rest = _SHAPE.sub("", code[head.end() - 1 :] if head else code).rstrip()
    is_terminal = name.isupper() and rest.startswith(": /")
    shown = escape(rest) if is_terminal else _TOKEN.sub(lambda token: _linked(token[0], names), rest)
    start = f'<span id="{_anchor(name)}">{name}</span>' if name else ""
    return f"{start}{shown}{f'  <i># {escape(comment)}</i>' if comment else ''}"


def _linked(token: str, names: set[str]) -> str:
    return f'<a href="#{_anchor(token)}">{token}</a>' if token in names else escape(token)


def _anchor(name: str) -> str:
    """Return the anchor of a rule or a terminal; `string` and `STRING` differ in more than their case."""
    return f"terminal-{name.lower()}" if name.isupper() else f"rule-{name}"
