"""Plan files that use plan files: where they are found, what is reported, and what each command does with them."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import llmc
from llmc.config.config import Config
from llmc.config.tool_files import UseError
from llmc.config.used_plans import UsedPlans
from llmc_grammar import Bounds, parse

TOOLS = """
from llmc import read, write

@read("web")
def search(query: str) -> str:
    '''Search.'''
    if query == "bad":
        raise ValueError("no page")
    return f"<{query}>"

@write("mail")
def send(to: str) -> str:
    '''Send.'''
    if to == "nobody":
        raise ValueError("no address")
    return f"sent to {to}"
"""

OTHER = """# The page on a subject.
use "tools.py"

input subject: str

1. search($subject)
join($1)
"""

Write = Callable[..., Path]


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write files, and return the path of the first."""
    monkeypatch.chdir(tmp_path)

    def write(**texts: str) -> Path:
        for name, text in {"tools.py": TOOLS, "other.llmc": OTHER, **texts}.items():
            path = Path(name.replace("__", "/"))
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, "utf-8")
        return Path("plan.llmc")

    return write


def refused(path: Path) -> llmc.CompileError:
    """The mistakes of a plan file."""
    with pytest.raises(llmc.CompileError) as caught:
        llmc.load(path)
    return caught.value


def test_a_plan_file_is_a_tool(files: Write) -> None:
    """It brings its own tools; the plan that uses it need not name them."""
    path = files(**{"plan.llmc": 'use "other.llmc"\n1. other("K2")\njoin("$1")\n'})
    assert llmc.load(path).run_sync().value == "<K2>"


def test_each_file_is_read_once(files: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two plans may use a third one, which is one plan with one tool."""
    path = files(
        **{
            "plan.llmc": 'use "left.llmc"\nuse "right.llmc"\nuse "other.llmc"\njoin(left(), right(), other("c"))\n',
            "left.llmc": 'use "other.llmc"\njoin(other("a"))\n',
            "right.llmc": 'use "other.llmc"\njoin(other("b"))\n',
        }
    )
    names: list[str] = []
    compiled = UsedPlans._compiled  # noqa: SLF001 — counted here

    def counted(self: UsedPlans, file: Path) -> object:
        names.append(file.name)
        return compiled(self, file)

    monkeypatch.setattr(UsedPlans, "_compiled", counted)
    assert llmc.load(path).run_sync().value == ["<a>", "<b>", "<c>"]
    assert sorted(names) == ["left.llmc", "other.llmc", "right.llmc"]


def test_a_circle_is_shown(files: Write) -> None:
    """On whatever way it closes, its files are named in order."""
    path = files(
        **{
            "plan.llmc": 'use "a.llmc"\njoin(a())\n',
            "a.llmc": 'use "b.llmc"\njoin(b())\n',
            "b.llmc": 'use "a.llmc"\njoin(a())\n',
        }
    )
    error = refused(path)
    assert [found.code for found in error.diagnostics] == ["E225", "E224"]
    assert "a.llmc → b.llmc → a.llmc" in str(error)
    assert "--> b.llmc:1:1" in str(error)


def test_a_plan_that_uses_itself_is_a_circle(files: Write) -> None:
    """The shortest circle has one file."""
    error = refused(files(**{"plan.llmc": 'use "plan.llmc"\njoin(plan())\n'}))
    assert "plan.llmc → plan.llmc" in str(error)


@pytest.mark.parametrize("target", ["../other.llmc", "/etc/other.llmc", "link.llmc", "missing.llmc"])
def test_files_outside_the_folder_are_refused(files: Write, target: str, tmp_path: Path) -> None:
    """A used plan is in the folder of the plan that uses it or below, also behind links."""
    files(**{"sub__plan.llmc": f'use "{target}"\njoin(1)\n'})
    Path("sub/link.llmc").symlink_to(tmp_path / "other.llmc")
    assert [found.code for found in refused(Path("sub/plan.llmc")).diagnostics] == ["E220"]


def test_mistakes_of_a_used_plan_have_their_file_and_line(files: Write) -> None:
    """They follow those of the plan, and warnings stay with their own plan."""
    path = files(
        **{
            "plan.llmc": 'use "broken.llmc"\n1. broken()\njoin($1)\n',
            "broken.llmc": 'use "tools.py"\n1. serach("a")\njoin($1)\n',
        }
    )
    assert (
        str(refused(path))
        == """error[E225]: `broken.llmc` has 1 mistake
 --> plan.llmc:1:1
  |
1 | use "broken.llmc"
  | ^^^^^^^^^^^^^^^^^ used here
  = help: correct that plan first

error[E201]: no tool is called `serach`
 --> broken.llmc:2:4
  |
2 | 1. serach("a")
  |    ^^^^^^ not in the toolbox
  = help: did you mean `search`?"""
    )


def test_an_error_inside_has_its_file_and_line(files: Write) -> None:
    """The task is the one of the call; the place is in the file of the called plan."""
    path = files(**{"plan.llmc": 'use "other.llmc"\na = other("bad")\njoin($a)\n'})
    run = llmc.load(path).run_sync()
    error = run.errors["a"]
    assert (error.file, error.line) == ("other.llmc", 6)
    assert str(error) == "task a failed: `search` raised ValueError: no page (other.llmc:6)"
    found = run.to_json()["errors"]["a"]
    assert (found["plan"], found["line"]) == ("other.llmc", 6)


def test_a_write_that_no_value_needs_and_that_fails_is_an_error(files: Write) -> None:
    """The call has its value; the write is listed under its own id."""
    path = files(
        **{
            "plan.llmc": 'use "mail.llmc"\n1. mail("nobody")\njoin($1)\n',
            "mail.llmc": 'use "tools.py"\ninput to: str\nsent = send($to)\njoin("done")\n',
        }
    )
    run = llmc.load(path).run_sync()
    assert (run.value, list(run.errors)) == ("done", ["1/mail/sent"])


def test_no_python_is_loaded_without_tools(files: Write) -> None:
    """The plans are read nevertheless, and their calls of tools are not checked."""
    files(**{"tools.py": "raise SystemExit", "plan.llmc": 'use "other.llmc"\n1. other(3)\njoin($1)\n'})
    plans = UsedPlans(Config(), Bounds.FILE, loads_tools=False)
    tools = plans.tools(parse('use "other.llmc"').plan, Path())
    assert plans.unchecked
    with pytest.raises(llmc.CompileError, match="`other` does not accept this for `subject`"):
        llmc.compile("1. other(3)\njoin($1)", tools)


def test_a_chain_that_doubles_is_refused_at_once(files: Write) -> None:
    """The sizes of plans are known, so nothing is built beyond the bound."""
    chain = {
        f"p{level}.llmc": f'use "p{level + 1}.llmc"\n1. p{level + 1}()\n2. p{level + 1}()\njoin($1, $2)\n'
        for level in range(30)
    }
    path = files(**{"plan.llmc": 'use "p0.llmc"\n1. p0()\njoin($1)\n', "p30.llmc": "1. 1 + 1\njoin($1)\n", **chain})
    assert "E223" in {found.code for found in refused(path).diagnostics}


def test_two_plans_of_one_name_clash(files: Write) -> None:
    """As two tools do."""
    path = files(**{"plan.llmc": 'use "other.llmc"\nuse "sub/other.llmc"\njoin(1)\n', "sub__other.llmc": "join(1)\n"})
    with pytest.raises(llmc.CompileError) as caught:
        llmc.load(path)
    assert [found.code for found in caught.value.diagnostics] == ["E221"]


def test_reports_as_json_have_local_places(files: Write) -> None:
    """Each mistake has the file in which it lies."""
    path = files(
        **{"plan.llmc": 'use "broken.llmc"\n1. broken()\njoin($1)\n', "broken.llmc": "1. 1 + true\njoin($1)\n"}
    )
    found = [json.loads(json.dumps(one.to_json())) for one in refused(path).diagnostics]
    assert [(one["file"], one["place"]["line"], one["place"]["start"]) for one in found] == [
        ("plan.llmc", 1, 0),
        ("broken.llmc", 1, 3),
    ]


def test_a_use_error_names_all_texts(files: Write) -> None:
    """The texts of plans with mistakes are part of the error."""
    files(**{"broken.llmc": "join($1)\n"})
    with pytest.raises(UseError) as caught:
        UsedPlans().tools(parse('use "broken.llmc"').plan, Path())
    assert [text.name for text in caught.value.others] == ["broken.llmc"]
