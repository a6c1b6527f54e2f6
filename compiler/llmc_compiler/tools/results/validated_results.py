"""Validation of results by pydantic: as they are, or else in their form as JSON data."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from llmc_compiler.tools.results.result_forms import forms, mismatch
from llmc_compiler.tools.signature import ResultBounds, ResultError

Dump = Callable[[object, ResultBounds], object]
"""Converts a value that fits a type to JSON data; raises ValidationError for any other value."""


def accepted(result: object, dump: Dump, bounds: ResultBounds) -> object:
    """Return a result as JSON data; raises ResultError, and the errors of the result type's own code."""
    try:
        return dump(result, bounds)
    except UnicodeDecodeError as error:
        message = "bytes in the result are not valid UTF-8: return a string (`base64.b64encode(…).decode()`)"
        raise ResultError(message) from error
    except (ValidationError, PydanticSerializationError, TypeError) as error:
        return _accepted_form(result, dump, bounds, error)


def _accepted_form(result: object, dump: Dump, bounds: ResultBounds, why: Exception) -> object:
    """Return a result in a form that fits, since it does not fit as it is; raises ResultError, or `why`."""
    for data in forms(result, bounds, declared=True):
        try:
            return dump(data, bounds)
        except ValidationError as error:
            # The first error shows the value as the tool returned it.
            is_same = isinstance(why, ValidationError) and _mistake(why)["loc"] == _mistake(error)["loc"]
            why = why if is_same else error
    if not isinstance(why, ValidationError):
        raise why
    raise mismatch(first_mistake(why), _mistake(why)["input"], bounds) from why


def first_mistake(error: ValidationError) -> str:
    """Return the first mistake of a validation as text, with its place."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "".join(f"[{step!r}]" for step in first["loc"])
    words = first["msg"][0].lower() + first["msg"][1:]
    return f"{place}: {words}" if place else words


def _mistake(error: ValidationError) -> Any:  # noqa: ANN401 — as pydantic describes it
    """Return the first mistake of a validation, with the value that does not fit."""
    return error.errors(include_url=False, include_context=False)[0]
