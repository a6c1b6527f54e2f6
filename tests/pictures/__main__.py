"""Writes pictures into a folder: `python -m tests.pictures FOLDER NAME ...`; alike at each run in patient time."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

from rich.style import Style
from rich.text import Text

import llmc
import llmc_compiler
import llmc_grammar
import llmc_runtime
from tests.pictures.drawing import picture
from tests.pictures.terminal import shown

ROOT: Final = Path(__file__).parent.parent.parent
WIDTH: Final = 90
_OF_MODELS: Final = ("llmc_runtime.agent", "llmc_runtime.models")


@dataclass(frozen=True)
class Scene:
    """A command, as it is typed, with the answer to what it asks, and the moments of its run that a picture shows."""

    command: str
    answer: str = ""
    moments: tuple[float, ...] = ()


SCENES: Final = {
    "run": Scene("llmc run examples/nine.llmc", moments=tuple(tenth / 10 for tenth in range(11))),
    "graph": Scene("llmc graph examples/nine.llmc"),
    "mistake": Scene("llmc check examples/mistakes.llmc"),
    "approval": Scene("llmc run examples/publish.llmc", "y"),
    "explain": Scene("llmc explain examples/story.llmc --width 2"),
    "timeline": Scene("llmc trace examples/nine.jsonl"),
}
COOKBOOK: Final = (
    "compare",
    "nine",
    "loop",
    "diamond",
    "guard",
    "nested",
    "plumbing",
    "brochure",
    "publish",
    "story",
    "failing",
)


def scenes() -> dict[str, Scene]:
    """All scenes, by the names of their pictures without `.svg`."""
    return SCENES | {f"cookbook/{name}": Scene(f"llmc run examples/{name}.llmc", "y") for name in COOKBOOK}


def drawn(scene: Scene) -> str:
    """The picture of a scene, the command first."""
    prompt = Text.assemble(("$ ", Style(dim=True)), (scene.command, Style(bold=True)))
    frames = shown(tuple(scene.command.split()), WIDTH, answer=scene.answer, moments=scene.moments)
    return picture(scene.command, [[prompt, *lines] for lines in frames], WIDTH)


def _warm_up() -> None:
    """Load here what each command would load in its own process."""
    for package in (llmc_grammar, llmc_compiler, llmc_runtime, llmc):
        for module in walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.startswith(_OF_MODELS) and not module.name.endswith("__main__"):
                import_module(module.name)
    llmc.compile("join(1)", llmc.Toolbox([]))


def main(folder: Path, names: Sequence[str]) -> None:
    """Draw these scenes; commands run in the root of the repository, as they are typed."""
    os.chdir(ROOT)
    _warm_up()
    for name in names:
        path = folder / f"{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(drawn(scenes()[name]), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:])
