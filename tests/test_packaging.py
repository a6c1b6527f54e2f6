"""What is shipped, and what importing it costs."""

import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

HEAVY = {"jinja2", "openai", "simpleeval"}
"""Libraries that only who talks to a model pays for."""

PROBE = """
import importlib, sys
importlib.import_module(sys.argv[1])
print(*sys.modules, sep="\\n")
"""


def imported_by(name: str) -> set[str]:
    """The modules that a new interpreter has loaded after one import."""
    run = subprocess.run([sys.executable, "-c", PROBE, name], capture_output=True, check=True, cwd=ROOT, text=True)
    return set(run.stdout.split())


def packages(root: str) -> list[Path]:
    """The `__init__.py` of each package directly below a source root."""
    return sorted((ROOT / root).glob("*/__init__.py"))


def test_every_package_is_shipped() -> None:
    """The packages below the source roots are those that the wheel and the coverage name."""
    found = {path.parent for root in PYPROJECT["tool"]["hatch"]["build"]["dev-mode-dirs"] for path in packages(root)}
    assert found == {ROOT / package for package in PACKAGES}
    assert {path.name for path in found} == set(PYPROJECT["tool"]["coverage"]["run"]["source_pkgs"])


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed(package: str) -> None:
    """Each package tells type checkers that it has types."""
    assert (ROOT / package / "__init__.py").is_file()
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("llmc_grammar", "plan.lark"),
        ("llmc_compiler", "diagnostics/plan_errors.md"),
        ("llmc_compiler", "diagnostics/text_errors.md"),
        ("llmc_compiler", "diagnostics/secret_errors.md"),
        ("llmc_compiler", "serialization/graph.schema.json"),
        ("llmc_compiler", "diagnostics/inlining_errors.md"),
        ("llmc", "config/tool_files.md"),
        ("llmc", "config/used_plans.md"),
    ],
)
def test_data_is_shipped(package: str, name: str) -> None:
    """What is no Python lies in its package, of which the wheel leaves nothing out."""
    (root,) = (ROOT / found for found in PACKAGES if Path(found).name == package)
    assert (root / name).is_file()
    assert resources.files(package).joinpath(name).is_file()
    assert PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"].keys() == {"packages"}
    ignored = (ROOT / ".gitignore").read_text("utf-8").split() if (ROOT / ".gitignore").is_file() else []
    assert not [pattern for pattern in ignored if Path(name).match(pattern.strip("/"))]


def test_importing_llmc_loads_no_model_client() -> None:
    """`import llmc` leaves the libraries that speak to models alone."""
    loaded = imported_by("llmc")
    assert "llmc" in loaded
    assert not loaded & HEAVY


def test_a_scripted_model_needs_no_client() -> None:
    """Tests with a scripted model do not pay for one either; a real one does."""
    assert not imported_by("llmc_runtime.models.scripted") & HEAVY
    assert "openai" in imported_by("llmc_runtime.models.openai.client")


AGENT = """
import sys, llmc
@llmc.read
def search(query: str) -> str:
    return query
llmc.Agent([search], model=llmc.ScriptedModel(["join(1)"]), prompts=eval(sys.argv[1]))
print(*sys.modules, sep="\\n")
"""


@pytest.mark.parametrize(("prompts", "is_compiled"), [("None", False), ("{'math': 'Solve {{ problem }}.'}", True)])
def test_an_agent_compiles_only_replaced_prompts(prompts: str, *, is_compiled: bool) -> None:
    """The templates of llmc are compiled for the first question; those of a user may have mistakes."""
    run = subprocess.run([sys.executable, "-c", AGENT, prompts], capture_output=True, check=True, cwd=ROOT, text=True)
    assert ("jinja2" in run.stdout.split()) is is_compiled


@pytest.mark.parametrize("name", ["json", "lark"])
def test_the_probe_sees_what_is_imported(name: str) -> None:
    """A library that is imported is among the modules that the probe reports."""
    assert name in imported_by(name)
    assert name not in imported_by("errno")
