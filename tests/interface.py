"""The public interface as text: every name with its kind, bases and members, their signatures and types.

Types are those of the source. In which module something is defined makes no difference, nor does the version of Python.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import is_dataclass
from importlib import import_module
from inspect import Parameter, signature
from itertools import chain
from types import ModuleType
from typing import Any, Final, NewType, get_origin, is_typeddict

import typer
from typing_extensions import TypeAliasType

from tests.definitions import Function, Place, decorators, home, names, overloads, place, public_names, written

WIDTH: Final = 120
STEP: Final = "    "

PROPERTIES: Final = {"property", "cached_property"}
SHOWN: Final = {"classmethod", "staticmethod", "overload", "contextmanager", "asynccontextmanager"}
"""Decorators that matter to callers."""

UNCALLED: Final = {"__copy__", "__dataclass_fields__", "__deepcopy__", "__post_init__", "__setstate__", "__slots__"}
"""Names that Python alone looks at; so are those that every object has."""

BUILT_IN: Final = {each for each in vars(builtins).values() if isinstance(each, type)} - {dict, object}
"""The classes of Python that tell something as a base; every TypedDict is a dict."""

Members = Iterator[tuple[str, list[str]]]


class Interface:
    """Writes what is public in some modules, and what that names which callers have to write or may call."""

    def __init__(self, *modules: str) -> None:
        self._modules = dict(chain.from_iterable(map(_with_parts, modules)))
        self._told: dict[Place, str] = {}
        self._types: set[Place] = set()
        inside = self._modules.values()
        public = [getattr(import_module(module), name) for module in inside for name in public_names(module)]
        self._public = {each for each in public if isinstance(each, type)}

    def __str__(self) -> str:
        """A section for each module, and one for what is not public but named in another."""
        sections = {
            title: [self._entry(title, module, name) for name in public_names(module)]
            for title, module in self._modules.items()
        }
        sections["named above"] = sorted(self._inner())
        texts = {title: "\n".join(chain.from_iterable(entries)) for title, entries in sections.items()}
        return "\n".join(f"# {title}\n\n{text}\n" for title, text in texts.items() if text)

    def _entry(self, title: str, module: str, name: str) -> list[str]:
        value = getattr(import_module(module), name)
        if isinstance(value, ModuleType):
            return [f"module {name}"]
        known = place(module, name)
        assert known, f"{module}.{name} is not in the source"
        if known in self._told:
            return [f"{name}: {self._told[known]}"]
        self._told[known] = f"{title}.{name}"
        if (kind := home(type(value))) and not _is_alias(value):
            self._types.add(kind)
        return self._definition(known, name)

    def _inner(self) -> Iterator[list[str]]:
        """Aliases, protocols and mappings of keywords that have no public name, and the classes of constants."""
        kinds = {home(type(each.value)) for each in self._told}
        told = set(self._told)
        while new := self._types - told:
            told |= new
            yield from (self._definition(each, each.name) for each in new if _is_written(each) or each in kinds)

    def _definition(self, known: Place, name: str) -> list[str]:
        value = known.value
        match known.nodes[-1]:
            case ast.ClassDef():
                return [self._head(value, name), *(f"{STEP}{line}" for line in self._members(value))]
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                return [line for node in overloads(known.nodes) for line in self._function(known.module, node, name)]
            case ast.Assign(value=given) | ast.AnnAssign(value=ast.expr() as given) if _is_alias(value):
                of = given.args[1] if isinstance(given, ast.Call) else given  # NAME = TypeAliasType("NAME", of)
                return [f"alias {name} = {self._type(known.module, of)}"]
            case _:
                return [f"constant {name}: {type(value).__name__}"]

    def _head(self, kind: type, name: str) -> str:
        """The kind of a class, its parameters, and the nearest of its bases that callers know."""
        known = [base for base in kind.__mro__[1:-1] if base in self._public or base in BUILT_IN]
        bases = [base.__name__ for base in known if not any(base in other.__mro__[1:] for other in known)]
        parameters = [each.__name__ for each in getattr(kind, "__parameters__", ())]
        square = f"[{', '.join(parameters)}]" if parameters else ""
        return f"{_kind(kind)} {name}{square}" + (f"({', '.join(bases)})" if bases else "")

    def _members(self, kind: type) -> Iterator[str]:
        """How an object is made, and the public members by name; those of a class hide those of its bases."""
        homes = [(base, known) for base in kind.__mro__ if (known := home(base))]
        if not _is_form(kind):
            yield from next(filter(None, (self._constructor(*each) for each in homes)), ())
        members: dict[str, list[str]] = {}
        for _, known in reversed(homes):
            members = dict(self._set(known)) | members | dict(self._declared(known))
        yield from (line for name in sorted(members) for line in members[name])

    def _declared(self, known: Place) -> Members:
        functions: dict[str, list[Function]] = {}
        for node in known.body:
            match node:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if _is_public(name):
                    functions.setdefault(name, []).append(node)
                case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation) if _is_public(name):
                    yield name, [f"{name}: {self._type(known.module, annotation)}"]
                case _:
                    pass
        for name, nodes in functions.items():
            yield name, [line for node in overloads(nodes) for line in self._method(known.module, node)]

    def _set(self, known: Place) -> Members:
        """What has a value without being declared, in the class or by its methods; with its type where that is said."""
        assigned = chain.from_iterable(names(node) for node in known.body if isinstance(node, ast.Assign))
        yield from ((name, [name]) for name in assigned if _is_public(name))
        for method in overloads(known.body):
            types = {each.arg: each.annotation for each in ast.walk(method.args) if isinstance(each, ast.arg)}
            for node in ast.walk(method):
                for name, said in _set_on_self(node, types):
                    if _is_public(name):
                        yield name, [f"{name}: {self._type(known.module, said)}" if said else name]

    def _method(self, module: str, node: Function) -> list[str]:
        found = decorators(node)
        if found & PROPERTIES or f"{node.name}.setter" in found:
            return [
                f"{'property' if found & PROPERTIES else 'settable'} {node.name}: {self._type(module, node.returns)}"
            ]
        return self._function(module, node, node.name, is_bound="staticmethod" not in found)

    def _function(self, module: str, node: Function, name: str, *, is_bound: bool = False) -> list[str]:
        how = [*sorted(decorators(node) & SHOWN), "async def" if isinstance(node, ast.AsyncFunctionDef) else "def"]
        parameters = self._parameters(module, node.args, is_bound=is_bound)
        return _call(f"{' '.join(how)} {name}", parameters, f" -> {self._type(module, node.returns)}")

    def _constructor(self, kind: type, known: Place) -> list[str]:
        """The call that makes an object, if this class itself says how."""
        made = [node for node in overloads(known.body) if node.name in {"__init__", "__new__"}]
        if not made and (hasattr(kind, "_fields") or (is_dataclass(kind) and "__init__" in vars(kind))):
            return _call("init", [*self._fields(kind)])
        return [
            line for node in made for line in _call("init", self._parameters(known.module, node.args, is_bound=True))
        ]

    def _fields(self, kind: type) -> Iterator[str]:
        """The parameters of a constructor that is made of fields."""
        homes = [known for base in reversed(kind.__mro__) if (known := home(base))]
        fields = {name: (known.module, node) for known in homes for node in known.body for name in names(node)}
        is_keyword = False
        for name, parameter in signature(kind).parameters.items():
            if parameter.kind is Parameter.KEYWORD_ONLY and not is_keyword:
                is_keyword = True
                yield "*"
            module, node = fields[name]
            assert isinstance(node, ast.AnnAssign), f"{kind.__name__}.{name} is no field"
            default = None if parameter.default is Parameter.empty else _default(node.value, parameter.default)
            yield self._parameter(module, ast.arg(name, node.annotation), default)

    def _parameters(self, module: str, given: ast.arguments, *, is_bound: bool) -> list[str]:
        """Those of a function as they are written, without the object or class that a method is bound to."""
        positional = [*given.posonlyargs, *given.args]
        defaults = [*[None] * (len(positional) - len(given.defaults)), *given.defaults]
        found = [self._parameter(module, *each) for each in zip(positional, defaults, strict=True)]
        if given.posonlyargs:
            found.insert(len(given.posonlyargs), "/")
        if given.vararg:
            found.append(f"*{self._parameter(module, given.vararg)}")
        elif given.kwonlyargs:
            found.append("*")
        found += [self._parameter(module, *each) for each in zip(given.kwonlyargs, given.kw_defaults, strict=True)]
        if given.kwarg:
            found.append(f"**{self._parameter(module, given.kwarg)}")
        return found[1:][found[1:2] == ["/"] :] if is_bound else found

    def _parameter(self, module: str, given: ast.arg, default: ast.expr | None = None) -> str:
        name = f"{given.arg}: {self._type(module, given.annotation)}"
        if default is None:
            return name
        value = written(module, default)
        return f"{name} = {'...' if value.startswith(('_', '(lambda')) else value}"

    def _type(self, module: str, annotation: ast.expr | None) -> str:
        return "?" if annotation is None else written(module, annotation, self._types)


def _with_parts(title: str) -> Iterator[tuple[str, str]]:
    """A module and the modules that are public in it, by their public names."""
    found: list[tuple[str, object]] = [(title, import_module(title))]
    for name, value in found:
        if isinstance(value, ModuleType):
            yield name, value.__name__
            found += [(f"{name}.{part}", getattr(value, part)) for part in public_names(value.__name__)]


def commands(app: typer.Typer) -> str:
    """The commands of a program with their arguments and options; `…` stands for the value of an option."""
    root = typer.main.get_command(app)
    each = {"": root, **getattr(root, "commands", {})}
    return "\n".join(line for name in sorted(each) for line in (f"llmc {name}".rstrip(), *_options(each[name].params)))


def _options(parameters: Iterable[Any]) -> list[str]:
    """A line for each of the parameters of a command: arguments in their order, then options by name."""
    arguments = [f"{STEP}{each.name.upper()}" for each in parameters if each.param_type_name == "argument"]
    options = [
        f"{STEP}{', '.join([*each.opts, *each.secondary_opts])}{'' if each.is_flag else ' …'}"
        for each in parameters
        if each.param_type_name == "option"
    ]
    return [*arguments, *sorted(options)]


def _call(name: str, parameters: list[str], returns: str = "") -> list[str]:
    """A signature, in several lines if it is too long for one."""
    line = f"{name}({', '.join(parameters)}){returns}"
    long = [f"{name}(", *(f"{STEP}{each}," for each in parameters), f"){returns}"]
    return [line] if len(line) <= WIDTH else long


def _default(given: ast.expr | None, value: object) -> ast.expr | None:
    """The default of a field: what it is, or the call that makes it."""
    made = {each.arg: each.value for each in given.keywords} if isinstance(given, ast.Call) else {}
    if isinstance(value, str | int | float | None):
        return ast.Constant(value)
    return ast.Call(made["default_factory"], [], []) if "default_factory" in made else made.get("default", given)


def _set_on_self(node: ast.AST, types: dict[str, ast.expr | None]) -> Iterator[tuple[str, ast.expr | None]]:
    """The attributes that a statement sets on `self`, with their types where those are said."""
    match node:
        case ast.AnnAssign(target=ast.Attribute(value=ast.Name(id="self"), attr=name), annotation=annotation):
            yield name, annotation
        case ast.Assign(targets=targets, value=value):
            said = types.get(value.id) if isinstance(value, ast.Name) else None
            for target in chain.from_iterable(map(ast.walk, targets)):
                if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
                    yield target.attr, said
        case _:
            pass


def _kind(kind: type) -> str:
    if issubclass(kind, BaseException):
        return "exception"
    return "keys" if is_typeddict(kind) else "protocol" if _is_form(kind) else "class"


def _is_form(value: object) -> bool:
    """Whether this is a protocol or a TypedDict, of which no objects are made."""
    return is_typeddict(value) or getattr(value, "_is_protocol", False) is True


def _is_alias(value: object) -> bool:
    return isinstance(value, type | TypeAliasType | NewType) or get_origin(value) is not None


def _is_written(known: Place) -> bool:
    """Whether callers write what this means and not its name: it is an alias, a TypedDict or a protocol."""
    is_class = isinstance(known.nodes[-1], ast.ClassDef)
    return _is_form(known.value) if is_class else _is_alias(known.value)


def _is_public(name: str) -> bool:
    is_special = name.startswith("__") and name not in vars(object) and name not in UNCALLED
    return is_special or not name.startswith("_")
