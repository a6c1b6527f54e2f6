"""`[tool.llmc]` of pyproject.toml, and llmc.toml."""

from pathlib import Path

import pytest

from llmc.config.config import Config, ConfigError, find_config


def test_pyproject_names_files_and_modules(tmp_path: Path) -> None:
    """An entry with a slash or `.py` is a file beside the configuration, any other a module."""
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.llmc.tools]\natlas = "examples/atlas.py"\nmail = "company.mail"\n')
    assert find_config(tmp_path) == Config(file, {"atlas": tmp_path / "examples/atlas.py", "mail": "company.mail"})


def test_llmc_toml_has_its_tables_at_the_top(tmp_path: Path) -> None:
    """In llmc.toml the table is `[tools]`."""
    file = tmp_path / "llmc.toml"
    file.write_text('[tools]\natlas = "atlas.py"\n')
    assert find_config(tmp_path) == Config(file, {"atlas": tmp_path / "atlas.py"})


def test_the_nearest_file_above_counts(tmp_path: Path) -> None:
    """A file further up is not read, and a pyproject.toml without our table is passed over."""
    (tmp_path / "llmc.toml").write_text("not = [toml")
    near = tmp_path / "near"
    (near / "plans" / "deep").mkdir(parents=True)
    (near / "llmc.toml").write_text('[tools]\na = "a.py"\n')
    (near / "plans" / "pyproject.toml").write_text('[tool.other]\nx = 1\n[project]\nname = "p"\n')
    assert find_config(near / "plans" / "deep").path == near / "llmc.toml"


def test_llmc_toml_goes_before_pyproject(tmp_path: Path) -> None:
    """Beside an llmc.toml the pyproject.toml is not read."""
    (tmp_path / "llmc.toml").write_text("")
    (tmp_path / "pyproject.toml").write_text('[tool.llmc.tools]\na = "a.py"\n')
    assert find_config(tmp_path) == Config(tmp_path / "llmc.toml", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tools = 3", "`tools` must be a table, not 3"),
        ('tool = ""', "`tool` is not a known key; did you mean `tools`?"),
        ("secrets = {}", "`secrets` is not a known key; the keys are `limits`, `models`, `tools`"),
        ("models = 3", "`models` must be a table, not 3"),
        ("[models]\nm = 3", "`models.m` must be a table, not 3"),
        ('[models.m]\nbase = "x"', "`models.m.base` is not a known key; did you mean `base_url`?"),
        ('[models.m]\napi_key = "sk-1"', "put the key in a variable and name it: `api_key_env`"),
        ("[models.m]\napi = 3", "`models.m.api` must be a string, not 3"),
        ("[models.m]\ntimeout = true", "`models.m.timeout` must be a number, not True"),
        ("[models.m]\nretries = 1.5", "`models.m.retries` must be a whole number, not 1.5"),
        ("[models.m]\nprices = 3", "`models.m.prices` must be a table, not 3"),
        ("[models.m]\nprices = {write = 3}", "`models.m.prices.write` is not a known key; did you mean `written`?"),
        ('[models.m]\nprices = {read = "3"}', "`models.m.prices.read` must be a number, not '3'"),
        ("[models.m]\nprices = {read = 3}", "`models.m.prices` needs `read` and `written`"),
        ("limits = 3", "`limits` must be a table, not 3"),
        ("[limits]\nwidht = 3", "in `limits`: no limit is called `widht`: did you mean `width`?"),
        ("[limits]\nrun-time = 60", "limit `run-time` must be a time with its unit, such as 500ms, 60s, 5m or 1h"),
        ("[limits]\nwidth = true", "limit `width` must be a number or a string, not True"),
        ("[limits.tools]\nsearch = 3", "`search` must be a table, such as { width = 2 }, not 3"),
        ("[limits.tools.search]\nspeed = 3", "no limit is called `speed`: there are: `width`, `rate`"),
        ("[tools]\na = 3", "`tools.a` must be a file or a module"),
        ('[tools]\na = ""', "`tools.a` must be a file or a module"),
        ("a = ", "cannot be read: Invalid value"),
        ("a = '\udcff'", "cannot be read: 'utf-8' codec"),
    ],
)
def test_mistakes_are_named_with_their_file(tmp_path: Path, text: str, words: str) -> None:
    """A key or type that means nothing is an error that names file and key."""
    file = tmp_path / "llmc.toml"
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert str(caught.value).startswith(str(file))
    assert "sk-1" not in str(caught.value)
    assert words in str(caught.value)


def test_mistakes_in_pyproject_name_the_whole_key(tmp_path: Path) -> None:
    """Keys are named as they are written in pyproject.toml."""
    (tmp_path / "pyproject.toml").write_text("[tool]\nllmc = 1\n")
    with pytest.raises(ConfigError, match=r"`tool.llmc` must be a table"):
        find_config(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[tool.llmc]\ntols = 1\n")
    with pytest.raises(ConfigError, match=r"`tool.llmc.tols` is not a known key; did you mean `tools`\?"):
        find_config(tmp_path)


def test_limits_are_names_and_texts(tmp_path: Path) -> None:
    """Those of a tool, whose name may have dots, are in a table of its own."""
    file = tmp_path / "llmc.toml"
    file.write_text(
        '[limits]\nwidth = 8\nrun-time = "60s"\ncost = 2.5\n'
        '[limits.tools.search]\nwidth = 2\n[limits.tools."git.hub"]\nrate = "10/s"\n'
    )
    assert find_config(tmp_path).limits == (
        ("width", "8"),
        ("run-time", "60s"),
        ("cost", "2.5"),
        ("search.width", "2"),
        ("git.hub.rate", "10/s"),
    )


def test_a_folder_that_is_gone_has_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stands in it is told so."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(ConfigError, match=r"the folder \. cannot be found: No such file or directory"):
        find_config(Path())


def test_a_folder_that_is_a_link_to_itself_has_the_configuration_above_it(tmp_path: Path) -> None:
    """Opening a file in it says what is wrong, in every version of Python."""
    (tmp_path / "llmc.toml").write_text("[limits]\nwidth = 8\n")
    (tmp_path / "circle").symlink_to("circle")
    assert find_config(tmp_path / "circle").limits == (("width", "8"),)
