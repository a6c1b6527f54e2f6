"""Docstrings, comments, messages and the pages of mistakes are plain English: refused phrases are counted.

A text is a docstring, a block of comments, a string with the pieces that Python joins, or a page. Its white space does
not count, and what an f-string puts in is `{}`.
"""

import ast
import io
import re
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PLACES: Final = ("grammar/llmc_grammar", "compiler/llmc_compiler", "runtime/llmc_runtime", "runtime/llmc", "docs/hooks")
PAGES: Final = frozenset({".md", ".txt"})
"""The endings of files that are read as a whole."""

PHRASES: Final = {
    "people": r"\b(?:whoever|whomever|somebody|nobody|anybody)\b",
    "is no": r"\b(?:is|are|was|were|be) no (?!longer\b|more than\b|later\b)",
    "is none": r"\b(?:is|are|was|were) none\b",
    "let in": r"\blets? (?:\w+ )?in\b",
    "is let": r"\b(?:is|are|be) let\b",
    "but for": r"\bbut for\b",
    "of its own": r"\bof (?:one's|its|their|our|his) own\b",
    "what it": r"\bwhat (?:it|they|he|one)\b",
}
PATTERNS: Final = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in PHRASES.items()}
PATTERNS["is none"] = re.compile(PHRASES["is none"])  # `None` is a value
FIRST: Final = re.compile(r"What\b")
"""How no docstring or comment begins."""
COMMENT: Final = re.compile(r"#[:# ]*(.*)")
"""A comment, or the end of a line whose string has such a sign."""

PROMPTS: Final = {
    "runtime/llmc_runtime/agent/prompting/result_text.py": "the outcome of a task, as prompts state it",
    "runtime/llmc_runtime/agent/tools/json_replies.py": "the fault of a reply, in the request for another",
    "runtime/llmc_runtime/agent/tools/llm_tools.py": "the fault of an expression, in the request for another",
}
"""Modules whose strings models read: new words there are new behaviour. Docstrings and comments count."""

Text = tuple[int, str, bool]
"""The line of a text, the text, and whether it describes code, as docstrings and comments do."""


def joined(node: ast.Constant | ast.JoinedStr) -> str:
    """A string; what is put into it is `{}`."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(joined(part) if isinstance(part, ast.Constant) else "{}" for part in node.values)


def strings(tree: ast.Module) -> Iterator[Text]:
    """The strings of a module; those that stand alone are docstrings, and those of one word are names or keys."""
    alone: set[int] = set()
    parts: set[int] = set()
    for node in ast.walk(tree):  # parents come first
        if isinstance(node, ast.Expr):
            alone.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            parts.update(map(id, node.values))
        if isinstance(node, ast.Constant | ast.JoinedStr) and id(node) not in parts and " " in (text := joined(node)):
            yield node.lineno, text, id(node) in alone


def comments(text: str) -> Iterator[Text]:
    """The comments of a module; those on lines below each other are one."""
    first, last, words = 0, -1, ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT:
            continue
        line = token.start[0]
        if line != last + 1 or not token.line.lstrip().startswith("#"):
            yield first, words, True
            first, words = line, ""
        words, last = f"{words} {token.string.lstrip('#: ')}", line
    yield first, words, True


def texts(path: Path) -> Iterator[Text]:
    """The texts of a module or a page."""
    text = path.read_text("utf-8")
    if path.suffix in PAGES:
        yield 1, text, False
        return
    yield from strings(ast.parse(text))
    after_signs = " ".join(COMMENT.findall(text))
    if any(phrases(after_signs, is_about_code=True)) or "# What" in text:  # reading tokens is slow
        yield from comments(text)


def phrases(text: str, *, is_about_code: bool) -> Iterator[tuple[str, str]]:
    """The refused phrases of a text, each with some words around it."""
    line = " ".join(text.split())
    if is_about_code and FIRST.match(line):
        yield "What first", line[:60]
    for name, pattern in PATTERNS.items():
        for found in pattern.finditer(line):
            yield name, line[max(0, found.start() - 30) : found.end() + 30]


def files(root: Path) -> list[Path]:
    """The modules, the pages and the templates of these places."""
    found = (path for place in PLACES for path in sorted((root / place).rglob("*.*")))
    return [path for path in found if path.suffix in {".py", *PAGES} and path.name != "README.md"]


def refused(root: Path) -> Iterator[str]:
    """Every refused phrase of the packages, as `place: phrase: words`."""
    for path in files(root):
        place = path.relative_to(root).as_posix()
        for line, text, is_about_code in texts(path):
            if is_about_code or place not in PROMPTS:
                for name, words in phrases(text, is_about_code=is_about_code):
                    yield f"{place}:{line}: {name}: {words}"


SAMPLE: Final = '''\
"""What a lamp is.

Whoever lights one, and of its
own accord somebody else, but for the cook. It is no
torch; there were none."""

# What stands on the table, and nobody moves,
# is let burn: it lets moths in.
KIND = "nobody"  # is no person
TEXT = f"what it costs {KIND} is no " f"secret" # anybody may ask: it is no longer, no more than and no later than dear
"""What it is about."""
'''


def test_the_product_is_written_in_plain_english() -> None:
    """No text of the packages has a phrase that the style refuses."""
    found = list(refused(ROOT))
    counts = Counter(place.split(": ")[1] for place in found)
    assert not found, f"{len(found)}: {dict(counts)}\n" + "\n".join(found)


def test_every_phrase_is_counted(tmp_path: Path) -> None:
    """A module with each phrase, across lines and pieces too, is reported for each; a page and a prompt for theirs."""
    prompts = "runtime/llmc_runtime/agent/tools/llm_tools.py"
    module, page, prompt = tmp_path / "runtime/llmc/lamp.py", tmp_path / "runtime/llmc/lamp.md", tmp_path / prompts
    for path in (module, page, prompt):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(SAMPLE)
    page.with_name("README.md").write_text(SAMPLE)
    counts = Counter((place.split(":")[0], place.split(": ")[1]) for place in refused(tmp_path))
    about = {"What first": 3, "people": 4, "of its own": 1, "but for": 1, "is no": 2, "is none": 1, "let in": 1}
    of_module = {**about, "is let": 1, "what it": 2, "is no": 3}
    assert {name: n for (place, name), n in counts.items() if place.endswith("lamp.py")} == of_module
    of_prompt = {**of_module, "is no": 2, "what it": 1}
    assert {name: n for (place, name), n in counts.items() if place == prompts} == of_prompt
    assert {place for place, _ in counts} == {"runtime/llmc/lamp.py", "runtime/llmc/lamp.md", prompts}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *((f"{who} asks", "people") for who in ("Whoever", "whomever", "somebody", "nobody", "anybody")),
        *((f"it {verb} no file", "is no") for verb in ("is", "are", "was", "were", "may be")),
        *(
            (f"they {verb} no {rest}", "")
            for verb in ("are", "be")
            for rest in ("longer open", "more than two", "later")
        ),
        ("The answer is no.", ""),
        *((f"there {verb} none", "is none") for verb in ("is", "are", "was", "were")),
        ("the default is None", ""),
        ("it lets calls in", "let in"),
        ("let in by the gate", "let in"),
        ("outlets in a wall", ""),
        *((f"it may {verb} let end", "is let") for verb in ("be", "is", "are")),
        ("all but for one", "but for"),
        *((f"a room of {whose} own", "of its own") for whose in ("one's", "its", "their", "our", "his")),
        *((f"what {who} needs", "what it") for who in ("it", "they", "he", "one")),
        ("what items need", ""),
        ("What a task needs", "What first"),
        ("Whatever a task needs", ""),
    ],
)
def test_a_phrase_is_known_by_its_words(text: str, name: str) -> None:
    """Each form of a phrase is counted once, and what only looks like one is not."""
    assert [found for found, _ in phrases(text, is_about_code=True)] == ([name] if name else [])


def test_prompts_have_modules() -> None:
    """A module that is not judged by its strings exists."""
    assert not [path for path in PROMPTS if not (ROOT / path).is_file()]
