"""CONTRIBUTING.md describes the code as it is: its floors, folders and words, and the files of common changes."""

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, product
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
PYPROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES: Final = tuple(PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])

LONGEST: Final = 260
MOST_WORDS: Final = 40
CHANGES: Final = (
    "An effect kind",
    "A pass",
    "A statement",
    "A limit",
    "A message",
    "A command",
    "A model provider",
    "A tool source",
    "A tool runner",
    "An event",
)

QUOTED: Final = re.compile(r"`([^`\n]+)`")
LINK: Final = re.compile(r"\]\(([^)#:]+)\)")
BRACES: Final = re.compile(r"\{([^}]*)\}")
CLASS: Final = re.compile(r"^class ([A-Za-z]\w*)", re.MULTILINE)


def section(page: str, title: str) -> str:
    """The text below a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def rows(page: str, title: str) -> list[list[str]]:
    """The cells of the table below a heading, without its head."""
    lines = [line for line in section(page, title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def block(kind: str) -> list[str]:
    """The lines of a block."""
    found = re.search(rf"^```text {kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found, kind
    return found[1].splitlines()


def expanded(text: str) -> list[str]:
    """The paths of a text with braces, as a shell expands them."""
    parts = [part.split(",") if at % 2 else [part] for at, part in enumerate(BRACES.split(text))]
    return ["".join(choice) for choice in product(*parts)]


def paths(text: str) -> Iterator[str]:
    """The paths that a text names in backticks."""
    return chain.from_iterable(
        expanded(name) for name in QUOTED.findall(text) if "/" in name or re.search(r"\w\.\w", name)
    )


def is_missing(path: str) -> bool:
    """Whether no such file exists; of a file that is still to be written, its folder has to exist."""
    return not (ROOT / path).parent.is_dir() if "NAME" in path else not (ROOT / path).exists()


def floors() -> dict[str, list[str]]:
    """The floors on the page, by package, the highest first."""
    lines: dict[str, str] = {}
    name = ""
    for line in block("floors"):
        head, rest = line[:20].strip(), line[20:].strip()
        name = head or name
        lines[name] = f"{lines.get(name, '')} {rest}".strip()
    return {name: [floor.strip() for floor in text.split(">")] for name, text in lines.items()}


def contracts() -> dict[str, list[str]]:
    """The floors that import-linter holds, by package."""
    layers = (each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers")
    return {"".join(each.get("containers", ["packages"])): each["layers"] for each in layers}


def described_folders() -> list[str]:
    """The folders on the page, as paths from the root."""
    found: list[str] = []
    package = ""
    for line in block("folders"):
        folder, about = line.split(maxsplit=1)
        assert about, line
        package = package if line.startswith(" ") else folder
        found.append((package + folder if line.startswith(" ") else folder).rstrip("/"))
    return found


def folders() -> list[str]:
    """The folders of the packages, those without a file left out."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    found = {path.parent.relative_to(ROOT).as_posix() for path in files if "__pycache__" not in path.parts}
    return sorted(found)


def sources() -> dict[str, str]:
    """The text of each module of the packages, by its path."""
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in modules}


SOURCES: Final = sources()


def shared_names(texts: Mapping[str, str]) -> set[str]:
    """The names of public classes that several modules define."""
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for path, text in texts.items():
        for name in CLASS.findall(text):
            homes[name].add(path)
    # A text may have a line that looks like a class, so that only these modules are parsed.
    doubtful = set().union(*(places for places in homes.values() if len(places) > 1))
    defined = {path: classes(texts[path]) for path in doubtful}
    return {name for name, places in homes.items() if sum(name in defined.get(path, ()) for path in places) > 1}


def classes(text: str) -> set[str]:
    """The names of the public classes at the top of a module."""
    names = (node.name for node in ast.parse(text).body if isinstance(node, ast.ClassDef))
    return {name for name in names if not name.startswith("_")}


def explained_names(page: str) -> list[str]:
    """The names that the page lists as used twice, each with a reason."""
    table = rows(page, "Names used twice")
    assert all(reason for _, reason in table)
    return [name for names, _ in table for name in QUOTED.findall(names) if not name.islower()]


def explained_modules(page: str) -> list[str]:
    """The names of modules that the page lists as used twice."""
    return [name for names, _ in rows(page, "Names used twice") for name in QUOTED.findall(names) if name.islower()]


def shared_modules(paths: Iterable[str]) -> list[str]:
    """The names that several modules have, sorted."""
    counts = Counter(Path(path).stem for path in paths)
    return sorted(name for name, count in counts.items() if count > 1 and name != "__init__")


def unexplained(texts: Mapping[str, str], page: str) -> list[str]:
    """The names that are used twice and not listed, and those that are listed and not used twice."""
    shared, listed = shared_names(texts), explained_names(page)
    return [
        *(f"{name}: two public classes, and no line in CONTRIBUTING.md" for name in sorted(shared.difference(listed))),
        *(f"{name}: a line in CONTRIBUTING.md, and not two public classes" for name in listed if name not in shared),
    ]


def unused(words: list[str]) -> list[str]:
    """The words that occur neither in the code nor in a README; `run budget` may be a class, RunBudget."""
    corpus = [*SOURCES.values(), *(path.read_text("utf-8") for path in ROOT.glob("*/README.md"))]
    forms = {word: rf"(?<![a-z]){word.replace(' ', '[ _]?')}s?(?![a-z])" for word in words}
    return [word for word in words if not any(re.search(forms[word], text, re.IGNORECASE) for text in corpus)]


def test_the_page_is_short() -> None:
    """It is read in one go, and comes with the sources."""
    assert len(PAGE.splitlines()) <= LONGEST
    assert "/CONTRIBUTING.md" in PYPROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]


def test_the_table_has_the_ten_changes() -> None:
    """Each change has its row, with files of the product and with tests or docs."""
    table = rows(PAGE, "Ten changes")
    assert tuple(change for change, _, _ in table) == CHANGES
    for change, files, rest in table:
        assert list(paths(files)), change
        assert list(paths(rest)), change


@pytest.mark.parametrize("change", rows(PAGE, "Ten changes"), ids=lambda row: row[0])
def test_every_file_of_a_change_exists(change: list[str]) -> None:
    """A row names no file that was moved."""
    assert not [path for cell in change for path in paths(cell) if is_missing(path)]


def test_every_other_path_exists() -> None:
    """So do the files and folders that the prose names or links to."""
    prose = re.sub(r"^\|.*\n|^```.*?^```\n", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    named = {path for path in paths(prose) if path.startswith(("grammar/", "compiler/", "runtime/", "tests/"))}
    assert len(named) > 5
    assert not [path for path in sorted(named.union(LINK.findall(PAGE))) if is_missing(path)]


@pytest.mark.parametrize(("text", "is_wrong"), [("`tests/test_{style,nothing}.py`", True), ("`tests/NAME.py`", False)])
def test_a_path_that_does_not_exist_is_seen(text: str, is_wrong: bool) -> None:
    """In braces too; a new file needs its folder alone."""
    assert any(map(is_missing, paths(text))) is is_wrong
    assert is_missing("tests/nowhere/NAME.py")


def test_the_floors_are_those_that_are_enforced() -> None:
    """Packages and floors are those of the contracts, in their order."""
    assert floors() == contracts()


def test_every_folder_has_a_line() -> None:
    """The folders on the page are those that exist."""
    assert sorted(described_folders()) == folders()


def test_the_glossary_has_forty_words_that_are_used() -> None:
    """Each word has one line with a meaning, and occurs in the code or the READMEs."""
    table = rows(PAGE, "Glossary")
    words = [word for word, _, _ in table]
    assert len(words) == len(set(words)) <= MOST_WORDS
    assert all(meaning for _, meaning, _ in table)
    assert not unused(words)
    assert unused(["run budget", "lampshade"]) == ["lampshade"]


def test_names_used_twice_are_explained() -> None:
    """Public classes of different modules share a name only where the page says why."""
    assert not unexplained(SOURCES, PAGE)


def test_modules_named_twice_are_explained() -> None:
    """A module has a name of its own, or the page says why it shares one; an invented pair is seen."""
    assert shared_modules(map(str, SOURCES)) == sorted(explained_modules(PAGE))
    assert shared_modules(["a/lamp.py", "b/lamp.py", "a/__init__.py", "b/__init__.py", "b/bulb.py"]) == ["lamp"]


def test_a_name_used_twice_is_seen() -> None:
    """An invented duplicate needs a line, and a line needs its duplicate."""
    one, other = (
        "class Lamp:\n    pass\n",
        '"""\nclass Bulb:\n"""\n\nclass Lamp(object):\n    pass\n\nclass _Wick:\n    pass\n',
    )
    texts = {"a.py": one, "b.py": other, "c.py": "class Bulb:\n    pass\n\nclass _Wick:\n    pass\n"}
    page = "### Names used twice\n\n| names | why |\n| --- | --- |\n| `{}` | one in each room |\n"
    assert unexplained(texts, page.format("Lamp")) == []
    assert unexplained(texts, page.format("Bulb")) == [
        "Lamp: two public classes, and no line in CONTRIBUTING.md",
        "Bulb: a line in CONTRIBUTING.md, and not two public classes",
    ]
