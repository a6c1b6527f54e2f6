"""Pictures: lines of text, Graphviz, Mermaid; and that nothing from outside breaks out of a label."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmc_compiler.ir.graph import Node, all_nodes, node_body
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_compiler.rendering import graphviz, mermaid
from llmc_compiler.rendering.graph_view import GraphView
from llmc_compiler.rendering.graphviz import to_dot
from llmc_compiler.rendering.mermaid import to_mermaid
from llmc_compiler.rendering.text_graph import NARROWEST, as_text, draw
from llmc_compiler.representation.sheet import plain
from llmc_compiler.terminal_cells import cells, fit, padded, visible
from tests.compiler.cases import Case, cases
from tests.compiler.compiling import from_plan, read, toolbox
from tests.semantics.compared import TOOLBOX
from tests.semantics.generator import random_plan

SEEDS = range(60)
HOSTILE = (
    '"]; evil [label="',
    'a"]\nB["x"]',
    "\\",
    '\\"',
    "&quot;] #quot; #34;",
    "<script>alert(1)</script>",
    "$$x$$ %%{init: {}}%% `x` {{}} --> @{shape: x}",
    "\u202eabc\x00\x1b[2J\ud800",
    "1. end",
    "ﬂ°°34¶ß",
)

STRING = r'"(?:[^"\\\n]|\\[\\"n])*"'
ATTRIBUTES = rf"\[\w+=(?:{STRING}|[\w.]+)(?:, \w+=(?:{STRING}|[\w.]+))*\]"
DOT_LINE = re.compile(
    rf" *(?:digraph plan {{|subgraph cluster_\w+ {{|}}|compound=true;|label={STRING}; style=rounded; color={STRING};"
    rf"(?: penwidth=2\.5;)?|\w+ {ATTRIBUTES};|\w+ -> \w+(?: {ATTRIBUTES})?;)"
)
LABEL = r'"(?:[^\W_]|[ ,:()=]|#[0-9]+;|<br/>)*"'
MERMAID_LINE = re.compile(
    rf" *(?:flowchart TD|subgraph n\d+ \[{LABEL}\]|end|n\d+ (?:-->|==>|-\.->) n\d+|g\d+ -\.- n\d+"
    rf"|[ng]\d+[\[({{]{{1,2}}{LABEL}[\])}}]{{1,2}}:::\w+|classDef \w+ [\w:#,-]+|class [n\d,]+ long)"
)

PLAN = """\
1. rows()
2. rows()
3. guess("a")
4. store($1, $3)
5. act() if $4
6. f(g($x), $1) for x in $3 if h($x)
7. put($6)
8. g(1)
join("$2 and $6")
"""

CASES = cases(Path(__file__).with_name("pictures.md"))


def picture(text: str, *, optimized: bool = True) -> GraphView:
    """The picture of a plan."""
    plan = read(text).plan
    return GraphView.of(from_plan(plan, passes=PIPELINE if optimized else ()), plan)


def pictures() -> Iterator[GraphView]:
    """The pictures of random plans."""
    for seed in SEEDS:
        plan = random_plan(Random(seed))
        yield GraphView.of(from_plan(plan, TOOLBOX, PIPELINE), plan)


def hostile(found: GraphView, text: str) -> GraphView:
    """The picture with this text wherever it has one."""
    gone = tuple(replace(one, text=text) for one in found.gone)
    return replace(found, texts=dict.fromkeys(found.texts, text), gone=gone)


def everything() -> list[GraphView]:
    """Pictures of random plans, and of one with every text that may be a danger."""
    return [*pictures(), *(hostile(picture(PLAN), text) for text in HOSTILE)]


@pytest.mark.golden
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_picture_as_text(case: Case) -> None:
    """Levels with their nodes, those inside a loop below it, what each waits for, and what is gone."""
    (columns,) = re.findall(r"[0-9]+", case.title)
    case.check(lambda given: as_text(picture(given.before), int(columns)))


def test_all_lines_fit() -> None:
    """At any width no line is longer, and every node and every task that is gone has a line."""
    for found in everything():
        shown = len(found.graph.nodes) + len(found.gone) + sum(map(len, inside(found)))
        for width in (1, NARROWEST, 40, 80, 200):
            lines = [plain(line) for line in draw(found, width)]
            assert max(map(cells, lines)) <= max(width, NARROWEST)
            assert all(line.isprintable() for line in lines)
            assert len([line for line in lines if re.match(r".{3,40} [●○=-] ", line)]) >= shown


def inside(found: GraphView) -> Iterator[tuple[Node, ...]]:
    """The bodies of loops that have several nodes, at every depth."""
    for node in all_nodes(found.graph):
        if len(node_body(node)) > 1:
            yield node_body(node)


def test_styles() -> None:
    """The longest chain is bold, what is gone and what is waited for is dim, the rest is plain."""
    lines = {
        plain(line).split()[-1]: line
        for line in draw(picture("1. f(0)\n2. f(0)\n3. g(1)\n4. guess()\njoin($2, $3)"), 60)
    }
    styles = {text.strip(): style for line in lines.values() for text, style in line}
    assert styles["● 1     f(0)"] == "bold"
    assert styles["○ 3     g(1)"] == ""
    assert styles["← 1 3"] == "dim"
    assert [line[0][1] for line in lines.values() if len(line) == 1 and " - 4 " in line[0][0]] == ["dim"]


def test_a_plan_without_calls() -> None:
    """There is a picture of it too."""
    assert as_text(picture("join(1)"), 80) == "1 ─ ● join  1\nno calls\n● longest chain\n"


def test_long_lists_are_cut() -> None:
    """Of what a node waits for, the first are named, and of a long chain both ends."""
    text = "1. f()\n" + "".join(f"{number}. f(${number - 1})\n" for number in range(2, 21)) + "join()"
    drawn = as_text(picture(text), 400)
    assert "← 1 2 3 4 5 6 7 8 9 and 11 more" in drawn
    assert "longest chain 20 of 20 calls: 1, 2, 3, 4, …, 17, 18, 19, 20" in drawn


def test_a_picture_in_dot() -> None:
    """Effects by shape and colour, order edges dashed, loops as clusters, what is gone grey."""
    drawn = to_dot(picture(PLAN))
    assert re.search(r'n0 \[label="1\\nrows\(\)", shape=cylinder, fillcolor="#\w+"\];', drawn)
    assert re.search(r'n1 \[label="3\\nguess\(\\"a\\"\)", shape=ellipse, fillcolor="#\w+", penwidth=2.5\];', drawn)
    assert "subgraph cluster_" in drawn
    assert drawn.count("style=dashed];") + drawn.count("style=dashed, penwidth") == 1
    assert 'label="2\\nrows()", shape=box, style=dashed, color="#9aa0a6"' in drawn
    assert 'label="8\\ng(1)"' in drawn


def test_loops_inside_loops_are_boxes_in_boxes() -> None:
    """In both languages; edges between boxes end at the nodes in them."""
    found = picture("1. rows()\n2. [[store($y) for y in $x], [f($y) for y in $x]] for x in $1\n3. f($2)\njoin($3)")
    dot = to_dot(found)
    assert dot.count("subgraph cluster_") == 3
    assert re.search(r"subgraph cluster_n1 \{\n.*\n    subgraph cluster_n2 \{\n", dot)
    mermaid_text = to_mermaid(found)
    assert mermaid_text.count("subgraph n") == 3
    assert mermaid_text.count("\n  end\n") == 1
    assert mermaid_text.count("\n    end\n") == 2


def test_a_picture_in_mermaid() -> None:
    """The same, with classes."""
    drawn = to_mermaid(picture(PLAN))
    assert '  n0[("1<br/>rows()")]:::read\n' in drawn
    assert drawn.count(" -.-> ") == 1
    assert "    n5[" in drawn.partition("subgraph n4 [")[2].partition("\n  end\n")[0]
    assert '[("2<br/>rows()")]' not in drawn
    assert '["2<br/>rows()"]:::gone' in drawn


@pytest.mark.parametrize("effect", ["pure", "nondet", "read(a)", "bare", "write(a, idempotent)", "write(a)", "opaque"])
def test_every_effect_has_its_look(effect: str) -> None:
    """In dot as in Mermaid."""
    plan = read("1. tool()\njoin($1)").plan
    found = GraphView.of(from_plan(plan, toolbox({"tool": effect})), plan)
    name = "idempotent" if "idempotent" in effect else effect.partition("(")[0]
    assert f":::{name}\n" in to_mermaid(found)
    assert DOT_LINE.fullmatch(to_dot(found).splitlines()[4])


def test_dot_is_well_formed() -> None:
    """Every line is a statement with whole strings, and brackets close."""
    for found in everything():
        drawn = to_dot(found)
        assert [line for line in drawn.splitlines() if not DOT_LINE.fullmatch(line) and "sans-serif" not in line] in (
            [],
            ["  edge [arrowsize=0.7];"],
        )
        bare = re.sub(STRING, "", drawn)
        assert bare.count("{") == bare.count("}")
        assert '"' not in bare


def test_mermaid_is_well_formed() -> None:
    """Every line is a statement whose labels hold letters, codes, and little else."""
    for found in everything():
        drawn = to_mermaid(found).splitlines()
        assert [line for line in drawn if not MERMAID_LINE.fullmatch(line)] == []
        assert sum(line.strip().startswith("subgraph") for line in drawn) == sum(
            line.strip() == "end" for line in drawn
        )


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_takes_it() -> None:
    """The real program draws what we write, and finds nothing to complain of."""
    for found in everything():
        run = subprocess.run(["dot", "-Tsvg"], input=to_dot(found).encode(), capture_output=True, check=True)  # noqa: S607
        assert b"<script>" not in run.stdout
        assert run.stderr == b""


@given(st.text())
def test_a_label_is_one_string(text: str) -> None:
    """Whatever the text is."""
    assert re.fullmatch(STRING, graphviz.quoted(text))
    assert re.fullmatch(LABEL, mermaid.quoted(text))


@given(st.text(), st.integers(0, 30))
def test_text_fits_its_cells(text: str, width: int) -> None:
    """It is cut at the width, printable, and whole where there is room."""
    found = fit(text, width)
    assert cells(found) <= width
    assert found.isprintable()
    if len(text) <= width and cells(visible(text)) <= width:
        assert found == visible(text)


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("東京都", 6, "東京都"),
        ("東京都", 5, "東京…"),
        ("東京都", 4, "東…"),
        ("abc", 2, "a…"),
        ("a", 0, ""),
        ("\n", 9, r"\n"),
    ],
)
def test_wide_characters_take_two_cells(text: str, width: int, shown: str) -> None:
    """So columns stand below each other in any script."""
    assert fit(text, width) == shown
    assert cells(padded(shown, 10)) == 10
