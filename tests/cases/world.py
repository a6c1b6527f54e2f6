"""The tools that the cases of texts are read for."""

from typing import Final

from typing_extensions import TypedDict

from llmc import Toolbox, nondet, pure, read, write


class Person(TypedDict):
    """A person."""

    name: str
    age: int


@read("shop")
def price(item: str) -> float:
    """What an item costs."""
    return float(len(item))


@write("shop")
def order(item: str, count: int = 1) -> str:
    """Order an item."""
    return f"{count} {item}"


@write("mail")
def send(to: str, body: str = "") -> str:
    """Send a mail."""
    return f"{to}: {body}"


@write("notes")
def note(text: str) -> str:
    """Write a note."""
    return text


@write("shell")
def run(command: str, folder: str = ".") -> str:
    """Run a command."""
    return f"{folder}: {command}"


@write("files")
def write_file(path: str, content: str) -> str:
    """Write a file."""
    return f"{path}: {content}"


@read("files")
def read_file(path: str) -> str:
    """Read a file."""
    return path


@read("atlas")
def height(name: str) -> int:
    """The height of a mountain in metres."""
    return len(name)


@read("web")
def search(query: str, limit: int = 3) -> list[str]:
    """Search the web."""
    return [query] * limit


@read("web")
def fetch(url: str) -> str:
    """Fetch a page."""
    return url


@read("web")
def weather(city: str, unit: str = "C") -> dict[str, float]:
    """The weather of a city."""
    return {f"{city} in {unit}": 20.0}


@read("people")
def person(name: str) -> Person:
    """A person."""
    return {"name": name, "age": 40}


@nondet
def llm(prompt: str, context: list[str] | None = None) -> str:
    """Ask a model."""
    return f"{prompt} {context}"


@pure
def subtract(a: float, b: float) -> float:
    """Subtract."""
    return a - b


@pure
def total(values: list[float]) -> float:
    """Add up."""
    return sum(values)


@pure
def now() -> str:
    """The time; of no use here."""
    return "12:00"


TOOLS: Final = Toolbox(
    [
        price, order, send, note, run, write_file, read_file, height, search, fetch, weather, person, llm, subtract,
        total, now,
    ]
)  # fmt: skip
