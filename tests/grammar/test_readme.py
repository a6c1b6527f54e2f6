"""The layer's README shows what is there."""

from pathlib import Path

FOLDER = Path(__file__).parent.parent.parent / "grammar"
README = (FOLDER / "README.md").read_text("utf-8")


def test_every_file_is_named() -> None:
    """Each module and folder of the layer is in the table."""
    names = {path.name for path in (FOLDER / "llmc_grammar").iterdir()} - {"__init__.py", "__pycache__", "py.typed"}
    for name in names:
        assert f"`{name}`" in README or f"`{name}/`" in README, name
