"""Results by pydantic's validation: as they are, or else in their form as JSON data."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from llmc_compiler.tools.result_forms import forms, mismatch
from llmc_compiler.tools.signature import ResultBounds, ResultError

Dump = Callable[[object, ResultBounds], object]
"""Makes JSON data of what fits a type; raises ValidationError for what does not."""


def accepted(result: object, dump: Dump, bounds: ResultBounds) -> object:
    """A result as JSON data; raises ResultError, and what the code of the result's type does."""
    try:
        return dump(result, bounds)
    except UnicodeDecodeError as error:
        message = "bytes in the result are no text in UTF-8: return a text (`base64.b64encode(…).decode()`)"
        raise ResultError(message) from error
    except (ValidationError, PydanticSerializationError, TypeError) as error:
        return _accepted_form(result, dump, bounds, error)


def _accepted_form(result: object, dump: Dump, bounds: ResultBounds, why: Exception) -> object:
    """A result that does not fit as it is, in a form that does; raises ResultError, and the first error of others."""
    for data in forms(result, bounds, declared=True):
        try:
            return dump(data, bounds)
        except ValidationError as error:
            # The first reason shows the value as the tool gave it.
            is_same = isinstance(why, ValidationError) and _mistake(why)["loc"] == _mistake(error)["loc"]
            why = why if is_same else error
    if not isinstance(why, ValidationError):
        raise why
    raise mismatch(first_mistake(why), _mistake(why)["input"], bounds) from why


def first_mistake(error: ValidationError) -> str:
    """The first mistake of a validation, with its place."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = "".join(f"[{step!r}]" for step in first["loc"])
    words = first["msg"][0].lower() + first["msg"][1:]
    return f"{place}: {words}" if place else words


def _mistake(error: ValidationError) -> Any:  # noqa: ANN401 — as pydantic describes it
    """The first mistake of a validation, with the value that does not fit."""
    return error.errors(include_url=False, include_context=False)[0]
