"""Loads tools from Python files and modules, and the tools of a plan's `use` lines.

The toolbox of a file is its only module-level `Toolbox`, or else all tools that it defines under a name. A file is
executed each time it is loaded, as a module with a private name. Its folder is importable only during execution, as for
a script, so siblings must be imported at the top of the file, not inside functions.
"""

import importlib
import importlib.util
import stat
import sys
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import InspectLoader
from importlib.machinery import SourceFileLoader
from pathlib import Path, PurePath
from types import FunctionType, MemberDescriptorType, ModuleType
from typing import Final, TypeGuard

from llmc.config.config import Config
from llmc.config.tool_sources import ToolSource
from llmc_compiler.session import require_parameters
from llmc_compiler.tools.callables import layers
from llmc_compiler.tools.signature import ToolboxError
from llmc_compiler.tools.tool import Function, Tool, inside
from llmc_compiler.tools.toolbox import Toolbox
from llmc_grammar.ast import Plan, Use
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.frozen_data import frozen
from llmc_grammar.mistake import Note, mistake
from llmc_grammar.source import Source
from llmc_runtime.input_files import NO_NAME, folder_of, read_input


@mistake
class UnusableTools(Diagnostic):
    """The tools of a `use` line cannot be loaded."""

    code = "E220"
    title = "no tools from `{target}`"
    label = "{cause}"

    target: str
    cause: str


@mistake
class ClashingTools(Diagnostic):
    """Two `use` lines bring tools with the same name."""

    code = "E221"
    title = "two tools are called `{name}`"
    label = "brings the second"
    help = "rename one of them: `@pure(name=…)`, `@read(…, name=…)`"

    name: str


_COLLECTIONS: Final = (list, tuple, set, frozenset, dict)
LARGEST: Final = 16 * 1024 * 1024
"""The maximum size of a tools file in bytes."""


class MissingToolsError(ToolboxError):
    """The file or module does not exist or cannot be read."""


class UseError(ToolboxError):
    """The tools of a plan's `use` lines cannot be loaded; `diagnostics` has the reasons by line.

    Some may be mistakes in the texts of other plans (`others`).
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], others: tuple[Source, ...] = ()) -> None:
        super().__init__("; ".join(f"{found.words('title')}: {found.words('label')}" for found in diagnostics))
        self.diagnostics = diagnostics
        self.others = others


def load_tools(target: str, folder: Path) -> Toolbox:
    """Load the tools of a file (relative to the folder) or of a module; raises ToolboxError."""
    if target.endswith(".py") or "/" in target:
        return load_file(folder / target)
    if not _is_importable(target) and stat.S_ISREG(_mode(folder / f"{target}.py")):
        message = f"no module is named {target}; the file here is {target}.py"
        raise MissingToolsError(message)
    return load_module(target)


def load_module(name: str) -> Toolbox:
    """Load the tools of an importable module; raises ToolboxError."""
    if not _is_importable(name):
        message = f"no module is named {name}"
        raise MissingToolsError(message)
    with _reported(f"module {name}", None):
        module = importlib.import_module(name)
    return _toolbox(module, f"module {name}")


def load_file(path: Path) -> Toolbox:
    """Load the tools of a Python file; raises ToolboxError."""
    mode = _mode(path)
    if not mode or stat.S_ISDIR(mode):
        message = f"{path} is a folder, not a file" if mode else f"the file {path} does not exist"
        raise MissingToolsError(message)
    try:
        source = read_input(path, LARGEST)
    except OSError as error:
        message = f"{path}: {(error.strerror or str(error)).lower()}"
        raise MissingToolsError(message) from error
    folder = folder_of(path).resolve()
    name = f"_llmc_{path.stem}_{importlib.util.source_hash(bytes(path.resolve())).hex()}"
    loader = _FileLoader(name, path, source) if stat.S_ISREG(mode) else _PipeLoader(source)
    spec = importlib.util.spec_from_loader(name, loader)
    assert spec is not None  # noqa: S101 — a loader was given
    module = importlib.util.module_from_spec(spec)
    with _reported(str(path), folder), _importable(module, folder):
        loader.exec_module(module)
    return _toolbox(module, str(path))


class _FileLoader(SourceFileLoader):
    """Executes the source read from a file, or its cached bytecode."""

    def __init__(self, name: str, path: Path, source: bytes) -> None:
        super().__init__(name, str(path))
        self._source = source

    def get_data(self, path: str) -> bytes:
        """Return the source or the bytecode."""
        return self._source if path == self.path else super().get_data(path)


class _PipeLoader(InspectLoader):
    """Executes the source read from a pipe, without a file name: opening the pipe again would wait for a writer."""

    def __init__(self, source: bytes) -> None:
        self._source = source

    def get_source(self, fullname: str) -> str:  # noqa: ARG002 — the loader has only one module
        """Return the source."""
        return importlib.util.decode_source(self._source)


def _mode(path: Path) -> int:
    """Return the mode of a file or folder, 0 if it does not exist; raises MissingToolsError for an invalid path.

    An invalid path is too long, contains a NUL, or leads into circular links. `stat` reports this in every version of
    Python; `is_file` and `resolve` differ between versions.
    """
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return 0
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or NO_NAME).lower()
        message = f"the file {path} cannot be found: {reason}"
        raise MissingToolsError(message) from error


def _is_importable(name: str) -> bool:
    """Whether a module exists; executes its parent packages, and raises ToolboxError for their errors."""
    with _reported(f"module {name}", None):
        try:
            return importlib.util.find_spec(name) is not None
        except (ImportError, ValueError):
            return False


@contextmanager
def _importable(module: ModuleType, folder: Path) -> Iterator[None]:
    """Register the module, permanently if it can be executed, and make its siblings importable inside the block."""
    sys.path.insert(0, str(folder))
    sys.modules[module.__name__] = module
    try:
        yield
    except BaseException:
        del sys.modules[module.__name__]
        raise
    finally:
        sys.path.remove(str(folder))


@contextmanager
def _reported(what: str, folder: Path | None) -> Iterator[None]:
    """Raise ToolboxError for any exception of an import, with its position, in one line."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        message = f"{what} cannot be loaded: {_place(error, folder)}{_words(error)}"
        raise ToolboxError(message) from error


def _words(error: BaseException) -> str:
    """Return the text of an exception in one line."""
    if isinstance(error, BaseExceptionGroup):
        from llmc_runtime.foreign_errors import described

        return described(error)
    first, _, rest = str(error).partition("\n")
    words = f"{first} …" if rest else first
    return words if isinstance(error, ToolboxError) else f"{type(error).__name__}: {words}".removesuffix(": ")


def _place(error: BaseException, folder: Path | None) -> str:
    """Return the file and line of the innermost frame in the user's folder, empty without one."""
    if isinstance(error, SyntaxError):
        return ""  # its message has the position
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    own = [place for place in frames if folder is not None and Path(place[0]).resolve().is_relative_to(folder)]
    return f"{own[-1][0]}:{own[-1][1]}: " if own else ""


def _toolbox(module: ModuleType, what: str) -> Toolbox:
    """Return the only toolbox of a module, or a toolbox of its decorated functions; raises ToolboxError."""
    given = {id(value): value for value in vars(module).values() if isinstance(value, Toolbox)}
    if len(given) > 1:
        message = (
            f"{what} has {len(given)} toolboxes: keep one, or join them with `|` and delete the names of the others"
        )
        raise ToolboxError(message)
    if given:
        return _checked(next(iter(given.values())))
    own = {id(value): value for value in vars(module).values() if _is_own(module, value)}
    _refuse_hidden(module, own.values())
    if not own:
        message = f"{what} has no tools: decorate its functions (`@pure`, `@nondet`, `@read`, `@write`, `@opaque`)"
        raise ToolboxError(message)
    return _checked(Toolbox(own.values()))


def _checked(tools: Toolbox) -> Toolbox:
    """Return the tools if the parameters in their resources exist; raises ToolboxError."""
    require_parameters(tools)
    return tools


def _refuse_hidden(module: ModuleType, own: Collection[object]) -> None:
    """Refuse tools that are only inside a class, a collection or a decorator's function; raises ToolboxError."""
    named = {id(layer) for value in own for layer in layers(value)}
    for name, value in list(vars(module).items()):
        for tool in map(inside, _held(value)):
            if tool is None or tool.made_in != module.__name__ or any(id(layer) in named for layer in layers(tool)):
                continue
            remedy = "give its decorator `functools.wraps`, or declare the effect above it"
            if isinstance(value, (type, *_COLLECTIONS)):
                remedy = "give the tool a name in the file, or put it into a Toolbox"
            message = f"`{name}` contains the tool `{tool.name}`, which is not used: {remedy}"
            raise ToolboxError(message)


def _held(value: object) -> Iterator[object]:
    """Yield the contents of a class, a closure or a callable object, or the tools in a collection."""
    if isinstance(value, _COLLECTIONS):
        items = list(value.values() if isinstance(value, dict) else value)
        yield from (each for each in items if isinstance(each, Tool))
    elif isinstance(value, type):
        yield from (getattr(each, "__func__", each) for each in list(vars(value).values()))
    elif isinstance(value, FunctionType):
        for cell in value.__closure__ or ():
            with suppress(ValueError):  # the cell is still empty
                yield cell.cell_contents
    elif callable(value) and not isinstance(value, Tool):
        yield from list(getattr(value, "__dict__", {}).values())
        slots = (each for kind in type(value).__mro__ for each in vars(kind).values())
        for slot in (each for each in slots if isinstance(each, MemberDescriptorType)):
            with suppress(AttributeError):  # the slot is still empty
                yield slot.__get__(value)


def _is_own(module: ModuleType, value: object) -> TypeGuard[Tool | Function]:
    """Whether a value is a tool, or a callable around one, that is not imported from another module."""
    tool = None if isinstance(value, type) or not callable(value) else inside(value)
    if tool is None:
        return False
    homes = {tool.made_in, getattr(value, "__module__", None), getattr(tool.call, "__module__", None)}
    if module.__name__ in homes:
        return True
    others = [vars(sys.modules[home]) for home in homes if home in sys.modules]
    return not any(value is other for names in others for other in names.values())


PlanLoader = Callable[[Path, Use], Toolbox]
"""Loads a plan file of a `use` line as a tool; raises ToolboxError."""


def resolve_uses(
    plan: Plan, folder: Path, config: Config, load_plan: PlanLoader, *, loads_tools: bool = True
) -> Toolbox:
    """Load the tools of every `use` line, in order, or only those that are plans; raises UseError with all mistakes.

    `folder` is the plan's.
    """
    tools: list[Tool] = []
    mistakes: list[Diagnostic] = []
    users: dict[str, Use] = {}
    for use in (statement for statement in plan.statements if isinstance(statement, Use)):
        try:
            brought = list(_used(use, folder, config, load_plan, loads_tools=loads_tools))
        except ToolboxError as error:
            mistakes.append(UnusableTools(span=use.span, target=use.target, cause=str(error)))
            continue
        mistakes.extend(_clashes(use, brought, users))
        users.update({tool.name: use for tool in brought})
        tools.extend(brought)
    if mistakes:
        raise UseError(tuple(mistakes))
    return Toolbox(tools)


def _clashes(use: Use, brought: Sequence[Tool], users: Mapping[str, Use]) -> Iterator[Diagnostic]:
    """Yield a mistake for each tool that an earlier `use` line brought too."""
    for tool in brought:
        if tool.name in users:
            first = Note(span=users[tool.name].span, label="brings the first")
            yield ClashingTools(span=use.span, name=tool.name, notes=(first,))


def _used(use: Use, folder: Path, config: Config, load_plan: PlanLoader, *, loads_tools: bool) -> Toolbox:
    """Load the tools of one `use` line; raises ToolboxError."""
    if use.is_plan:
        return load_plan(_inside(use.target, folder), use)
    if not loads_tools:
        return Toolbox()
    if use.is_path:
        return load_file(_inside(use.target, folder))
    entry = config.tools.get(use.target)
    if entry is None:
        message = f"`{use.target}` is not an entry of {_where(config)}"
        raise ToolboxError(message)
    source = source_of(entry)
    try:
        return _checked(source.tools())
    except ToolboxError:
        raise
    except Exception as error:
        message = f"{source.description} cannot be loaded: {_words(error)}"
        raise ToolboxError(message) from error


@frozen
class PythonSource:
    """The tools of a file, or of a module with a name."""

    target: Path | str

    @property
    def description(self) -> str:
        """The file, or the module with its name."""
        return f"module {self.target}" if isinstance(self.target, str) else str(self.target)

    def tools(self) -> Toolbox:
        """Load the tools; raises ToolboxError."""
        return load_module(self.target) if isinstance(self.target, str) else load_file(self.target)


def source_of(entry: Path | str | ToolSource) -> ToolSource:
    """Return the source of an entry of the configuration: the file, the module, or the source that it is."""
    return PythonSource(entry) if isinstance(entry, (Path, str)) else entry


def _where(config: Config) -> str:
    """Describe the table in which `use` looks up names."""
    if config.path is None:
        return "a configuration: no `llmc.toml` or `[tool.llmc]` is in the plan's folder or above"
    return f"the tools in {config.path}"


def _inside(target: str, folder: Path) -> Path:
    """Return the file of a `use` line; raises ToolboxError if it resolves outside the plan's folder."""
    path = PurePath(target)
    if path.is_absolute() or ".." in path.parts:
        message = (
            "the file must be in the plan's folder or below: "
            "use a path such as `tools.py`, or an entry of the configuration"
        )
        raise ToolboxError(message)
    file = folder / path
    _mode(file)
    real, home = file.resolve(), folder.resolve()
    if not real.is_relative_to(home):
        message = f"{file} is a link to {real}, outside the plan's folder"
        raise ToolboxError(message)
    return file
