"""The path of a newcomer: each page of the tutorial, typed into an empty folder, gives what the page shows.

The commands are those of an environment that has the wheel and its dependencies, and not this checkout.
"""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import patient
from tests.docs.pages import ROOT, forking, page_environment, run_page, section


@pytest.fixture(scope="session")
def newcomer(wheel_commands: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of a newcomer's commands: the wheel, and the simulated time of the tests."""
    simulated = os.pathsep.join([str(Path(patient.__file__).parent), str(ROOT)])
    path = os.pathsep.join([str(wheel_commands), os.environ["PATH"]])
    alone = {**page_environment(), "PYTHONPATH": simulated, "PATH": path}
    with forking(alone, tmp_path_factory.mktemp("newcomer")) as environment:
        yield environment


@pytest.mark.golden
@pytest.mark.parametrize("path", section("tutorial"), ids=lambda path: path.name)
def test_a_page_is_true(path: Path, tmp_path: Path, newcomer: dict[str, str]) -> None:
    """Its files, commands and programs give the output that it shows."""
    run_page(path, tmp_path, newcomer)


def test_a_newcomer_has_the_wheel_alone(wheel_commands: Path, tmp_path: Path, newcomer: dict[str, str]) -> None:
    """The commands above run the code of the wheel."""
    script = tmp_path / "where.py"
    script.write_text("import llmc, llmc_grammar\nprint(llmc.__file__)\nprint(llmc_grammar.__file__)\n", "utf-8")
    run = subprocess.run(["python", script], env=newcomer, capture_output=True, text=True, check=True)  # noqa: S607
    places = [Path(line) for line in run.stdout.splitlines()]
    assert len(places) == 2
    assert all(place.is_relative_to(wheel_commands.parent) for place in places)
