"""Tools from files and modules, and the `use` lines of plans."""

import os
import sys
from pathlib import Path

import pytest

from llmc import CompileError, Toolbox, ToolboxError, load, parse
from llmc.config import tool_files
from llmc.config.config import Config
from llmc.config.tool_files import MissingToolsError, UseError, load_file, load_module, load_tools, resolve_uses
from tests.cli.conftest import no_plans

PURE = "from llmc import pure\n\n@pure\ndef {0}() -> int:\n    '''Count.'''\n    return 1\n"


def names(tools: Toolbox) -> list[str]:
    """The names of tools in order."""
    return [tool.name for tool in tools]


def write(folder: Path, name: str, text: str) -> Path:
    """A file of that name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def use(folder: Path, text: str, config: Config | None = None) -> list[str]:
    """The names of the tools that a plan's `use` lines bring."""
    return names(resolve_uses(parse(text).plan, folder, config or Config(), no_plans))


def wrong(folder: Path, text: str, config: Config | None = None) -> list[tuple[str, str, str]]:
    """Code, line of the plan, and label of everything that is wrong with the `use` lines."""
    with pytest.raises(UseError) as caught:
        use(folder, text, config)
    return [(found.code, text[slice(*found.span)], found.words("label")) for found in caught.value.diagnostics]


def test_decorated_functions_are_the_toolbox(tmp_path: Path) -> None:
    """Without a Toolbox, the decorated functions that the file defines are the tools, each once, in order."""
    write(tmp_path, "other.py", PURE.format("imported"))
    text = (
        "from other import imported\n" + PURE.format("b") + "\nagain = b\n" + PURE.format("a") + "\ndef plain(): ...\n"
    )
    assert names(load_file(write(tmp_path, "tools.py", text))) == ["b", "a"]


def test_the_one_toolbox_counts(tmp_path: Path) -> None:
    """A module-level Toolbox is taken, whatever else is decorated."""
    text = PURE.format("a") + PURE.format("b") + "\nfrom llmc import Toolbox\nTOOLS = OTHER_NAME = Toolbox([b])\n"
    assert names(load_file(write(tmp_path, "tools.py", text))) == ["b"]


def test_two_toolboxes_are_an_error(tmp_path: Path) -> None:
    """Which of two toolboxes is meant cannot be known."""
    path = write(tmp_path, "tools.py", "from llmc import Toolbox\nA = Toolbox()\nB = Toolbox()\n")
    with pytest.raises(ToolboxError, match="has 2 toolboxes"):
        load_file(path)


def test_a_file_without_tools_is_an_error(tmp_path: Path) -> None:
    """A file of plain functions says how to make tools of them."""
    with pytest.raises(ToolboxError, match="has no tools: decorate its functions"):
        load_file(write(tmp_path, "tools.py", "def plain(): ...\n"))


def test_siblings_are_imported_and_the_path_is_left_as_it_was(tmp_path: Path) -> None:
    """The file's folder is importable while the file is executed, and not afterwards."""
    write(tmp_path, "sibling_of_tools.py", "NUMBER = 1\n")
    before = list(sys.path)
    load_file(write(tmp_path, "tools.py", "from sibling_of_tools import NUMBER\n" + PURE.format("a")))
    assert sys.path == before
    assert "tools" not in sys.modules


def test_a_file_is_executed_anew_each_time(tmp_path: Path) -> None:
    """Loading a file again sees what has changed in it."""
    path = write(tmp_path, "tools.py", PURE.format("a"))
    load_file(path)
    path.write_text(PURE.format("abc"), "utf-8")
    assert names(load_file(path)) == ["abc"]


def test_files_of_the_same_name_are_two_modules(tmp_path: Path) -> None:
    """Two files called tools.py do not replace each other."""
    one, other = (load_file(write(tmp_path, f"{name}/tools.py", PURE.format(name))) for name in ("one", "other"))
    modules = {tool.call.__module__ for box in (one, other) for tool in box}
    assert len(modules) == 2
    assert modules <= set(sys.modules)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("\n\n1 / 0\n", r"tools.py:3: ZeroDivisionError: division by zero$"),
        ("def f(:\n", r"cannot be loaded: SyntaxError: .*tools.py, line 1"),
        ("import nothing_of_this_name\n", r"tools.py:1: ModuleNotFoundError: No module named 'nothing_of_this_name'$"),
        ("import sys\nsys.exit('bye')\n", r"tools.py:2: SystemExit: bye$"),
        ("raise BaseException('no')\n", r"tools.py:1: BaseException: no$"),
        ("raise ValueError\n", r"tools.py:1: ValueError$"),
        ("raise ValueError('one\\ntwo')\n", r"tools.py:1: ValueError: one …$"),
        ("import json\njson.loads('')\n", r"tools.py:2: JSONDecodeError: "),
        ("from llmc import Toolbox\n\nToolbox([print])\n", r"tools.py:3: `print` declares no effect"),
    ],
)
def test_what_a_file_raises_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    """An error in a tools file is one line with its place, and the module is forgotten."""
    before = set(sys.modules)
    with pytest.raises(ToolboxError, match=words) as caught:
        load_file(write(tmp_path, "tools.py", text))
    assert "\n" not in str(caught.value)
    assert not any(name.startswith("_llmc_") for name in set(sys.modules) - before)


def test_an_error_of_the_package_around_a_module_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking for a module executes the packages that it is in."""
    write(tmp_path, "broken_package/__init__.py", "raise RuntimeError('no')\n")
    write(tmp_path, "broken_package/tools.py", PURE.format("a"))
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ToolboxError, match=r"^module broken_package.tools cannot be loaded: RuntimeError: no$"):
        load_tools("broken_package.tools", tmp_path)
    with pytest.raises(ToolboxError, match="cannot be loaded: RecursionError"):
        load_module("broken_package." * 5000 + "tools")


def test_code_from_a_pipe_is_of_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bytecode is kept of it, and no traceback opens the pipe again, which would wait; of a file both is so."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    pipe, kept = tmp_path / "pipe.py", tmp_path / "__pycache__"
    os.mkfifo(pipe)
    for name in ("a", "b"):
        buffer = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
        pipe.write_text(PURE.format(name), "utf-8")
        (tool,) = load_file(pipe)
        os.close(buffer)
        assert (tool.name, tool.call.__code__.co_filename) == (name, "<string>")
        assert not hasattr(sys.modules[tool.call.__module__], "__file__")
    assert not kept.exists()
    path = write(tmp_path, "tools.py", PURE.format("a"))
    (tool,) = load_file(path)
    assert tool.call.__code__.co_filename == str(path)
    assert len(list(kept.iterdir())) == 1


def test_a_tools_file_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As every file from outside."""
    path = write(tmp_path, "tools.py", PURE.format("a"))
    monkeypatch.setattr(tool_files, "LARGEST", path.stat().st_size - 1)
    with pytest.raises(MissingToolsError, match=r"tools.py: has more than 0 mib"):
        load_file(path)
    monkeypatch.setattr(tool_files, "LARGEST", path.stat().st_size)
    assert names(load_file(path)) == ["a"]


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path: Path) -> None:
    """Neither is a file of tools."""
    with pytest.raises(MissingToolsError, match=r"the file .* does not exist"):
        load_file(tmp_path / "tools.py")
    with pytest.raises(MissingToolsError, match="is a folder"):
        load_file(tmp_path)


def test_a_module_is_imported_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no path is the name of a module."""
    write(tmp_path, "package_of_tools/inner.py", PURE.format("a"))
    monkeypatch.syspath_prepend(tmp_path)
    assert names(load_tools("package_of_tools.inner", tmp_path)) == ["a"]


def test_a_file_that_was_named_as_a_module_is_suggested(tmp_path: Path) -> None:
    """The current folder is not importable, so a file in it is named with its ending."""
    write(tmp_path, "my_own_tools.py", PURE.format("a"))
    with pytest.raises(MissingToolsError, match=r"no module is named my_own_tools; the file here is my_own_tools.py"):
        load_tools("my_own_tools", tmp_path)


@pytest.mark.parametrize("name", ["nothing_of_this_name", "nothing.of.this.name", "json.nothing", "", ".", "a b"])
def test_a_missing_module_is_told(name: str) -> None:
    """A module that cannot be found is missing, not broken."""
    with pytest.raises(MissingToolsError, match="no module is named"):
        load_module(name)


def test_uses_are_joined_in_order(tmp_path: Path) -> None:
    """A plan has the tools of all its `use` lines."""
    write(tmp_path, "b.py", PURE.format("b"))
    write(tmp_path, "sub/a.py", PURE.format("a"))
    assert use(tmp_path, 'use "b.py"\nuse "sub/a.py"\nx = a()\n') == ["b", "a"]


def test_a_name_is_looked_up_in_the_configuration(tmp_path: Path) -> None:
    """`use name` is an entry of the configuration, which may lie anywhere."""
    path = write(tmp_path, "elsewhere/a.py", PURE.format("a"))
    assert use(tmp_path / "plans", "use mine\nx = a()\n", Config(tmp_path / "llmc.toml", {"mine": path})) == ["a"]


def test_a_clash_is_a_mistake_of_the_second_use(tmp_path: Path) -> None:
    """Two `use` lines that bring the same name: the second is wrong, and the first is noted."""
    write(tmp_path, "one.py", PURE.format("a"))
    write(tmp_path, "two.py", PURE.format("a") + PURE.format("b"))
    text = 'use "one.py"\nuse "two.py"\nx = a()\n'
    assert wrong(tmp_path, text) == [("E221", 'use "two.py"', "brings the second")]


def test_every_wrong_use_is_reported(tmp_path: Path) -> None:
    """Absolute paths, ways out of the folder, missing files and unknown names are mistakes, all reported at once."""
    text = 'use "/etc/a.py"\nuse "../a.py"\nuse "a.py"\nuse name\nx = a()\n'
    found = wrong(tmp_path, text, Config(tmp_path / "llmc.toml"))
    assert [line for _, line, _ in found] == ['use "/etc/a.py"', 'use "../a.py"', 'use "a.py"', "use name"]
    labels = [label for _, _, label in found]
    assert labels[0] == labels[1]
    assert labels[0].startswith("the file must be in the plan's folder or below")
    assert labels[2] == f"the file {tmp_path / 'a.py'} does not exist"
    assert labels[3] == f"`name` is not an entry of the tools in {tmp_path / 'llmc.toml'}"


def test_a_name_without_a_configuration_says_what_is_missing(tmp_path: Path) -> None:
    """Where there is no configuration, the mistake says which files could be it."""
    ((_, _, label),) = wrong(tmp_path, "use name\nx = a()\n")
    assert "no `llmc.toml` or `[tool.llmc]` is in the plan's folder or above" in label


def test_a_plan_file_that_is_loaded_has_its_tools(tmp_path: Path) -> None:
    """`llmc.load` follows the `use` lines, and reports those that lead nowhere as mistakes of the plan."""
    plan = write(tmp_path, "plan.llmc", 'use "a.py"\nx = a()\njoin($x)\n')
    with pytest.raises(CompileError, match=r"error\[E220\]: no tools from `a.py`"):
        load(plan)
    write(tmp_path, "a.py", PURE.format("a"))
    assert load(plan).run_sync().value == 1


def test_links_stay_inside_the_folder(tmp_path: Path) -> None:
    """A link is followed inside the plan's folder, and refused where it leads out, of files and of folders."""
    plans = tmp_path / "plans"
    write(plans, "real.py", PURE.format("a"))
    (plans / "link.py").symlink_to("real.py")
    assert use(plans, 'use "link.py"\nx = a()\n') == ["a"]
    outside = write(tmp_path, "outside/b.py", PURE.format("b"))
    (plans / "out.py").symlink_to(outside)
    (plans / "folder").symlink_to(outside.parent)
    found = wrong(plans, 'use "out.py"\nuse "folder/b.py"\nx = a()\n')
    assert all("outside the plan's folder" in label for _, _, label in found)
    assert len(found) == 2


def test_a_plan_in_a_linked_folder_has_its_tools(tmp_path: Path) -> None:
    """The plan's own folder may be a link."""
    write(tmp_path, "real/a.py", PURE.format("a"))
    (tmp_path / "link").symlink_to("real")
    assert use(tmp_path / "link", 'use "a.py"\nx = a()\n') == ["a"]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("a" * 300 + ".py", "file name too long"),
        ("a\\u0000b.py", "is not a valid file name"),
        ("one.py", "too many levels of symbolic"),
    ],
)
def test_a_path_that_cannot_be_looked_at_is_a_mistake_of_its_line(tmp_path: Path, target: str, reason: str) -> None:
    """A name that is too long, one with a NUL, and links in a circle lead to no file."""
    (tmp_path / "one.py").symlink_to("two.py")
    (tmp_path / "two.py").symlink_to("one.py")
    ((code, line, label),) = wrong(tmp_path, f'use "{target}"')
    assert (code, line) == ("E220", f'use "{target}"')
    assert "the file" in label
    assert reason in label


def test_links_in_a_circle_are_no_file(tmp_path: Path) -> None:
    """Every version of Python gives the same reason, which is the system's."""
    (tmp_path / "one.py").symlink_to("one.py")
    (tmp_path / "folder").symlink_to("folder")
    for target in ("one.py", "folder/tools.py"):
        with pytest.raises(
            MissingToolsError, match=f"the file .*{target} cannot be found: too many levels of symbolic links"
        ):
            load_tools(target, tmp_path)


def test_a_name_that_is_too_long_is_no_file_and_no_module(tmp_path: Path) -> None:
    """It is missing like any other."""
    for target in ("a" * 300, "a" * 300 + ".py"):
        with pytest.raises(MissingToolsError, match="file name too long"):
            load_tools(target, tmp_path)


@pytest.mark.parametrize("boxed", ["", "from llmc import Toolbox\ntools = Toolbox([f])\n"])
def test_a_resource_of_a_parameter_that_is_not_there_is_a_mistake_of_the_file(tmp_path: Path, boxed: str) -> None:
    """It is found where the file is named, and not when a plan is compiled."""
    text = "from llmc import read\n\n@read('file:{pth}')\ndef f(path: str) -> str:\n    return path\n"
    write(tmp_path, "tools.py", text + boxed)
    words = "`f` has no parameter `pth` for read(file:{pth}): it may name `{path}`"
    assert wrong(tmp_path, 'use "tools.py"') == [("E220", 'use "tools.py"', words)]
    write(tmp_path, "tools.py", (text + boxed).replace("{pth}", "{path}"))
    assert use(tmp_path, 'use "tools.py"') == ["f"]


MADE = """\
from functools import partial, wraps
from llmc import pure, read
from other import Shop, imported, made, lookup, logged

def double(x: int) -> int:
    '''Double.'''
    return 2 * x

class Adder:
    def __call__(self, x: int) -> int:
        '''Add.'''
        return x + 1

price = pure(Shop().price)
six = pure(name="six")(partial(double, 3))
add = pure(name="add")(Adder())
of_other = read("web")(partial(made, 1))
again = six

@logged
@pure
def above() -> int:
    '''Count.'''
    return 1
"""

OTHER = """\
from functools import partial, wraps
from llmc import pure

class Shop:
    def price(self) -> int:
        '''Price.'''
        return 1

def made(x: int) -> int:
    '''Make.'''
    return x

def logged(function):
    @wraps(function)
    def call(*args, **kwargs):
        return function(*args, **kwargs)
    return call

imported = pure(made)
lookup = pure(name="lookup")(partial(made, 2))
"""


def test_whatever_a_file_makes_a_tool_of_is_one(tmp_path: Path) -> None:
    """Partials, objects and methods, also of other modules, but no tool that another module makes and names."""
    write(tmp_path, "other.py", OTHER)
    sys.modules.pop("other", None)
    try:
        assert names(load_file(write(tmp_path, "tools.py", MADE))) == ["price", "six", "add", "made", "above"]
    finally:
        sys.modules.pop("other", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("def log(f):\n    return lambda: f()\n", "`a` contains the tool `a`, which is not used: give its decorator"),
        (
            "class log:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self):\n        pass\n",
            "`a` contains the tool `a`, which is not used: give its decorator",
        ),
    ],
)
def test_a_tool_that_a_decorator_hides_is_an_error(tmp_path: Path, text: str, words: str) -> None:
    """It would be dropped without a word; a function that only uses a named tool hides nothing."""
    hidden = text + PURE.format("b") + PURE.format("a").replace("@pure", "@log\n@pure")
    with pytest.raises(ToolboxError, match=words):
        load_file(write(tmp_path, "tools.py", hidden))
    named = text + PURE.format("b") + "\nuser = log(b)\n"
    assert names(load_file(write(tmp_path, "tools.py", named))) == ["b"]
