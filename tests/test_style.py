"""The sizes and names of modules and functions, measured."""

import ast
import io
import tokenize
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

import pytest

ROOT = Path(__file__).parent.parent
PRODUCT = ("grammar", "compiler", "runtime")
OTHERS = ("examples", "tests", "benchmarks", "docs/hooks")

MODULE_LINES = 400
LONGER_LINES = 500
LONGER = {
    "compiler/llmc_compiler/lowering/lowering.py": "one class: from a statement to its nodes",
    "grammar/llmc_grammar/repair/splitting/lenient_splitter.py": "one class: which lines belong to which statement",
    "runtime/llmc_runtime/calls/tool_call.py": "one class: a call, from its first attempt to its outcome",
    "runtime/llmc_runtime/scheduler/scheduler.py": "one class: instances of a run, from their turn to their outcome",
}
"""Modules that may be longer, and why."""

FOLDER_FILES = 12
FULLER = {
    "grammar/llmc_grammar": "one subject, from text to tree, and its modules import each other in one order",
}
"""Folders that may hold more modules, and why."""

UNFROZEN = {
    "runtime/llmc_runtime/state/events.py": "a run makes two for each task, and a frozen one takes three times as long",
    "runtime/llmc_runtime/state/outcomes.py": "the same holds for `Done`",
}
"""Modules with data that is not frozen, and why. Other dataclasses without `frozen` are state, and have no hash."""

FUNCTION_LINES = 60
MEDIAN_LINES = 10
COMMENT_LINES = 2
NAMES_OF_NOTHING = frozenset(
    {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "managers", "util", "utils"}
)


def modules(root: Path, folders: tuple[str, ...]) -> list[Path]:
    """The modules in some folders of a project."""
    return [path for folder in folders for path in sorted((root / folder).rglob("*.py"))]


@cache
def functions(text: str) -> list[tuple[int, str, int]]:
    """The first line, the name and the number of lines of every function, nested ones and methods too."""
    return [
        (node.lineno, node.name, (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def comment_blocks(text: str) -> list[tuple[int, int]]:
    """The first line and the number of lines of every block of comments; a comment behind code is in no block."""
    blocks: list[tuple[int, int]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or not token.line.lstrip().startswith("#"):
            continue
        line = token.start[0]
        if blocks and sum(blocks[-1]) == line:
            blocks[-1] = (blocks[-1][0], blocks[-1][1] + 1)
        else:
            blocks.append((line, 1))
    return blocks


def violations_of_name(path: Path) -> Iterator[str]:
    """What breaks the rule about names, as `place: what`; the place is a path below the root of the project."""
    for name in NAMES_OF_NOTHING.intersection(path.with_suffix("").parts):
        yield f"{path}: `{name}` names nothing"


def violations_of_text(path: Path, text: str) -> Iterator[str]:
    """What breaks a rule in the text of one module."""
    lines = len(text.splitlines())
    most = LONGER_LINES if path.as_posix() in LONGER else MODULE_LINES
    if lines > most:
        yield f"{path}: {lines} lines, at most {most}"
    for line, name, length in functions(text):
        if length > FUNCTION_LINES:
            yield f"{path}:{line}: {name} has {length} lines, at most {FUNCTION_LINES}"
    if "unsafe_hash=True" in text and path.parts[0] in PRODUCT and path.as_posix() not in UNFROZEN:
        yield f"{path}: data that is not frozen"
    for line, length in comment_blocks(text):
        if length > COMMENT_LINES:
            yield f"{path}:{line}: a comment of {length} lines, at most {COMMENT_LINES}"


def violations_of_folders(root: Path) -> Iterator[str]:
    """What breaks the rule about folders of the product; `__init__.py` counts."""
    counts = Counter(path.parent.relative_to(root).as_posix() for path in modules(root, PRODUCT))
    for folder, count in sorted(counts.items()):
        if count > FOLDER_FILES and folder not in FULLER:
            yield f"{folder}: {count} modules, at most {FOLDER_FILES}"


def violations_of_median(texts: list[str]) -> Iterator[str]:
    """What breaks the rule about the product as a whole."""
    lengths = [length for text in texts for _, _, length in functions(text)]
    if lengths and median(lengths) > MEDIAN_LINES:
        yield f"{', '.join(PRODUCT)}: the median function has {median(lengths):g} lines, at most {MEDIAN_LINES}"


def violations(root: Path) -> list[str]:
    """Everything in a project that breaks a rule."""
    found: list[str] = []
    for path in modules(root, PRODUCT + OTHERS):
        place = path.relative_to(root)
        found += violations_of_name(place)
        found += violations_of_text(place, path.read_text(encoding="utf-8"))
    found += violations_of_folders(root)
    found += violations_of_median([path.read_text(encoding="utf-8") for path in modules(root, PRODUCT)])
    return found


def function_of(lines: int) -> str:
    """A function with so many lines."""
    return "def f():\n" + "    pass\n" * (lines - 1)


def test_the_project_keeps_the_rules() -> None:
    """No module, function, comment or folder is too long or badly named, and the median function is short."""
    found = violations(ROOT)
    assert not found, "\n" + "\n".join(found)


def test_every_package_is_measured() -> None:
    """The modules that are looked at include those of each package and these tests."""
    seen = {path.relative_to(ROOT).parts[:2] for path in modules(ROOT, PRODUCT + OTHERS)}
    assert seen >= {
        ("grammar", "llmc_grammar"),
        ("compiler", "llmc_compiler"),
        ("runtime", "llmc_runtime"),
        ("runtime", "llmc"),
        ("tests", "test_style.py"),
    }


def test_a_bad_project_is_reported_for_every_rule(tmp_path: Path) -> None:
    """A module that breaks every rule is reported once for each."""
    bad = tmp_path / "compiler" / "package" / "utils.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("# one\n# two\n# three\n" + function_of(61) + "x = 1\n" * 337)
    assert violations(tmp_path) == [
        "compiler/package/utils.py: `utils` names nothing",
        "compiler/package/utils.py: 401 lines, at most 400",
        "compiler/package/utils.py:4: f has 61 lines, at most 60",
        "compiler/package/utils.py:1: a comment of 3 lines, at most 2",
        "grammar, compiler, runtime: the median function has 61 lines, at most 10",
    ]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = 1\n" * 400, 0),
        ("x = 1\n" * 401, 1),
        (function_of(60), 0),
        (function_of(61), 1),
        ("class A:\n    async def f(self):\n" + "        pass\n" * 60, 1),
        ("# one\n# two\n", 0),
        ("# one\n# two\n# three\n", 1),
        ("# one\n# two\n\n# three\n", 0),
        ("x = 1  # one\ny = 2  # two\nz = 3  # three\n", 0),
        ('"""one\n\n# two\n# three\n# four\n"""\n', 0),
    ],
)
def test_a_rule_holds_up_to_its_limit(text: str, count: int) -> None:
    """What is just within a limit is no violation, and one line more is one."""
    assert len(list(violations_of_text(Path("a.py"), text))) == count


@pytest.mark.parametrize(
    ("path", "count"), [("runtime/a.py", 1), ("tests/a.py", 0), ("runtime/llmc_runtime/state/events.py", 0)]
)
def test_data_is_frozen_unless_there_is_a_reason(path: str, count: int) -> None:
    """A class of data that may be changed is found in the product."""
    text = "@dataclass(slots=True, unsafe_hash=True)\nclass A:\n    at: float\n"
    assert len(list(violations_of_text(Path(path), text))) == count


@pytest.mark.parametrize(("lengths", "count"), [((2, 10, 60), 0), ((2, 11, 12), 1), ((10, 11), 1), ((), 0)])
def test_the_median_holds_up_to_its_limit(lengths: tuple[int, ...], count: int) -> None:
    """Half of the functions may be longer than the median."""
    assert len(list(violations_of_median([function_of(length) for length in lengths]))) == count


@pytest.mark.parametrize(("path", "count"), [("a/common/b.py", 1), ("a/base.py", 1), ("a/database.py", 0)])
def test_a_folder_or_module_has_a_name(path: str, count: int) -> None:
    """A name that says nothing is found in a folder and in a module, whole words only."""
    assert len(list(violations_of_name(Path(path)))) == count


def folder_of(root: Path, folder: str, count: int) -> Path:
    """A project with so many modules in a folder."""
    for number in range(count):
        path = root / folder / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


@pytest.mark.parametrize(
    ("folder", "modules_there", "count"),
    [
        ("compiler/llmc_compiler/tools", 12, 0),
        ("compiler/llmc_compiler/tools", 13, 1),
        ("grammar/llmc_grammar", 13, 0),
        ("grammar/llmc_grammar/errors", 13, 1),
        ("tests/compiler", 13, 0),
    ],
)
def test_a_folder_of_the_product_holds_twelve_modules(
    tmp_path: Path, folder: str, modules_there: int, count: int
) -> None:
    """A folder with one module more is reported, unless it is listed or holds tests."""
    assert len(list(violations_of_folders(folder_of(tmp_path, folder, modules_there)))) == count


@pytest.mark.parametrize("folder", FULLER)
def test_a_fuller_folder_needs_its_exception(folder: str) -> None:
    """A folder that has become small enough leaves the list."""
    assert len(list((ROOT / folder).glob("*.py"))) > FOLDER_FILES
