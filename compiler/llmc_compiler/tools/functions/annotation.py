"""Conversion between JSON data and the type of one annotation, in both directions."""

import json
import types
from collections.abc import Hashable
from contextlib import suppress
from functools import cached_property, partial
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic import PydanticUserError, TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import SchemaError

from llmc_compiler.expressions.terms import SCALARS, Json, thaw
from llmc_compiler.expressions.types import ANY, NEVER, Type
from llmc_compiler.json_schema.schema_types import at_least, at_most
from llmc_compiler.tools.functions.declared_parameters import is_harmless
from llmc_compiler.tools.results.result_forms import JSON_TYPES, collected, form
from llmc_compiler.tools.signature import ResultBounds, ToolboxError, Wanted

_PLAIN: Final = frozenset({str, int, float, bool, None, type(None), list, dict, Any, object, Json})
_CONTAINERS: Final = frozenset({list, dict, Union, types.UnionType, Literal})
_SCALARS: Final = frozenset({str, int, float, bool})


class _Dumped(GenerateJsonSchema):
    """Generates schemas of dumped values; a serializer without a declared type may return anything."""

    def ser_schema(self, schema: Any) -> dict[str, Any] | None:  # noqa: ANN401 — one of many shapes
        """Return the schema of a serializer's values."""
        is_function = schema["type"] in {"function-plain", "function-wrap"}
        return {} if is_function and "return_schema" not in schema else super().ser_schema(schema)


class Annotation:
    """One annotation, which converts JSON data to its type and back.

    Values of plain annotations (made of JSON's own types) are checked as they are. Others are converted through JSON
    text, in which pydantic's strict mode accepts dates, enums and models.
    """

    def __init__(self, annotation: Any, what: str) -> None:  # noqa: ANN401 — an annotation may be anything
        try:
            self.adapter: TypeAdapter[Any] = TypeAdapter(annotation)
        except (PydanticSchemaGenerationError, PydanticUserError) as error:
            message = f"{what} has a type without a JSON form ({annotation!r}): {_instead(error)}"
            raise ToolboxError(message) from error
        except (SchemaError, AssertionError) as error:  # an empty `Literal`, an invalid constraint
            message = f"{what} has a type that pydantic cannot read: {error}"
            raise ToolboxError(message) from error
        self.is_plain = _is_plain(annotation)
        if not self.is_plain:
            self._check_schema(what)
        self._anything = annotation in (Any, object, Json)
        # The types of data that needs no conversion.
        scalars = SCALARS if self._anything else {annotation} if annotation in (str, int, float, bool) else ()
        self.unchanged = frozenset(scalars)
        self._strictly = partial(self.adapter.validator.validate_python, strict=True)

    @cached_property
    def wanted(self) -> Wanted:
        """The accepted types; of types that are not plain, a schema tells only a part."""
        if self._anything:
            return Wanted(ANY, ANY)
        schema = self.adapter.json_schema()
        return Wanted(at_most(schema, strict=True), at_least(schema) if self.is_plain else NEVER)

    @cached_property
    def gives(self) -> Type:
        """The type of dumped values."""
        return ANY if self._anything else at_most(self.dumped, strict=True)

    @cached_property
    def dumped(self) -> dict[str, Any]:
        """The JSON schema of dumped values; empty if pydantic cannot generate one."""
        try:
            return self.adapter.json_schema(mode="serialization", schema_generator=_Dumped)
        except PydanticUserError:
            return {}

    def _check_schema(self, what: str) -> None:
        """Refuse types without a JSON form, which pydantic knows all the same."""
        try:
            self.adapter.json_schema()
        except PydanticUserError as error:
            message = f"{what} has a type without a JSON form: use JSON's types or a pydantic model"
            raise ToolboxError(message) from error

    def convert(self, value: Json) -> object:
        """Return a separate copy of the value, converted to the annotation's type."""
        if type(value) in self.unchanged:
            return value
        if self._anything:
            return thaw(value)
        if self.is_plain:
            return self._strictly(thaw(value))
        return self.adapter.validate_json(json.dumps(value), strict=True)

    def told(self, value: object) -> tuple[Json, str | None]:
        """Return an argument or default as JSON data, and its Python type unless that is one of JSON's."""
        kind = None if type(value) in JSON_TYPES else type(value).__name__
        data = value
        if not (self.is_plain or self._anything):
            with suppress(Exception):  # serializers are the tool's own code
                data = self.adapter.dump_python(value, mode="json", by_alias=True, warnings=False)
        try:
            return json.loads(json.dumps(data, allow_nan=False)), kind
        except (TypeError, ValueError, RecursionError):
            return _words(value), kind

    def written(self, default: object) -> object:
        """Return a default as plans write it if its JSON form is a scalar, else the default itself."""
        if self.is_plain or self._anything:
            return default
        with suppress(Exception):  # serializers and validators are the tool's own code
            data = self.adapter.dump_python(default, mode="json", by_alias=True, warnings=False)
            if type(data) in _SCALARS and self.convert(data) == default:
                return data
        return default

    def dump(self, result: object, bounds: ResultBounds) -> object:
        """Return the result as JSON data, except for parts whose plain type may be anything."""
        if self._anything or type(result) in self.unchanged:
            return result
        if self.is_plain:
            self._strictly(result)
            return result
        value = self.adapter.validate_python(collected(result, bounds))
        other = partial(form, bounds=bounds)
        return self.adapter.serializer.to_python(value, mode="json", by_alias=True, fallback=other)


def _words(value: object) -> str:
    """Return a value without a JSON form as text."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 — `repr` is the tool's own code
        return f"({type(value).__name__} without a readable text)"


def _instead(error: PydanticUserError) -> str:
    """Return an instruction for a type without a JSON form."""
    if error.code == "typed-dict-version":
        return "before Python 3.12, take `TypedDict` from `typing_extensions`"
    return "use JSON's types or a pydantic model"


def _is_plain(annotation: Any) -> bool:  # noqa: ANN401 — an annotation may be anything
    """Whether an annotation is made only of JSON's own types."""
    if isinstance(annotation, Hashable) and annotation in _PLAIN:
        return True
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _is_plain(inside[0]) and all(map(is_harmless, inside[1:]))
    if origin is dict and inside[0] is not str:
        return False
    return origin in _CONTAINERS and (origin is Literal or all(map(_is_plain, inside)))
