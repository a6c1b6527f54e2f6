"""The pictures in docs/pictures show what terminals show now, alike everywhere."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET

import pytest
from rich.color_triplet import ColorTriplet

from tests.docs.pages import page_environment
from tests.golden import settle_file
from tests.patience import PATIENCE
from tests.pictures.__main__ import ROOT, scenes
from tests.pictures.drawing import THEME

PICTURES: Final = ROOT / "docs" / "pictures"
WIDEST: Final = 1120
"""Units across a picture: on a page of 800 pixels, letters are not smaller than those of the text around it."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A folder with the pictures that tests ask for, drawn anew."""
    folder = tmp_path_factory.mktemp("pictures")
    items = (item for item in request.session.items if isinstance(item, pytest.Function))
    names = [
        str(item.callspec.params["name"]) for item in items if item.function is test_a_picture_shows_what_is_printed
    ]
    command = [sys.executable, "-m", "tests.pictures", str(folder), *names]
    subprocess.run(command, cwd=ROOT, env=page_environment(), timeout=PATIENCE, check=True)
    return folder


@pytest.mark.golden
@pytest.mark.parametrize("name", scenes())
def test_a_picture_shows_what_is_printed(name: str, folder: Path) -> None:
    """Its file has the very text that drawing gives."""
    settle_file(PICTURES / f"{name}.svg", (folder / f"{name}.svg").read_text("utf-8"))


def test_every_picture_has_its_scene() -> None:
    """A picture that nothing draws any longer goes."""
    found = {path.relative_to(PICTURES).with_suffix("").as_posix() for path in PICTURES.rglob("*.svg")}
    assert found == set(scenes())


@pytest.mark.parametrize("name", scenes())
def test_a_picture_needs_nothing_from_elsewhere(name: str) -> None:
    """No address but the name of the format, no script, no font that is fetched; and it is not too wide."""
    text = (PICTURES / f"{name}.svg").read_text("utf-8")
    assert re.findall(r"[a-z]+://[^\"\s]*", text) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"<script|<image|<use|@font-face|@import|url\(|\bon[a-z]+=|Traceback|\x1b", text)
    width = float(ET.fromstring(text).get("viewBox", "").split()[2])  # noqa: S314 — our own file
    assert width <= WIDEST


def test_a_picture_that_moves_stops_soon() -> None:
    """It ends where it stands still for readers who want no motion, in the five seconds that WCAG allows."""
    text = (PICTURES / "run.svg").read_text("utf-8")
    ends = [
        float(runs) + float(waits or 0) for runs, waits in re.findall(r"animation: \w+ ([\d.]+)s(?: (.+)s)? ", text)
    ]
    assert len(ends) == text.count("<g id=") + text.count('<g class="moment"') == len(scenes()["run"].moments) + 1
    assert max(ends) == ends[-1] <= 5
    assert "infinite" not in text
    assert "prefers-reduced-motion: reduce" in text


def _light(color: ColorTriplet) -> float:
    """The relative luminance of a colour, as WCAG defines it."""
    parts = [part / 255 for part in color]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("name", scenes())
def test_every_letter_is_read_easily(name: str) -> None:
    """The contrast with the background is at least 4.5, for faint letters too."""
    text = (PICTURES / f"{name}.svg").read_text("utf-8")
    colors = re.findall(r"\{ fill: #(..)(..)(..)", text)
    assert colors
    for color in colors:
        light = _light(ColorTriplet(*(int(part, 16) for part in color)))
        assert (light + 0.05) / (_light(THEME.background_color) + 0.05) >= 4.5, color
