"""An atlas to try plans with: tools that look up mountains, rivers, deserts and cities, without a network.

A look-up takes as long as a distant service would, between 0.1 and 0.4 seconds, and the same time whenever the question
is the same. `ATLAS_PACE=0` makes it answer at once, `ATLAS_PACE=2` take twice as long.
"""

import asyncio
import os
import re
from collections.abc import Mapping
from math import asin, cos, radians, sin, sqrt
from typing import Final, TypeVar
from zlib import crc32

from places import ARTICLES, CAPITALS, CITIES, DESERTS, MOUNTAINS, RIVERS

from llmc import pure, read, write

Row = TypeVar("Row")

PACE: Final = float(os.environ.get("ATLAS_PACE", "1"))
EARTH_RADIUS_KM: Final = 6371.0
FIGURE: Final = re.compile(r"(\d[\d,]*) ((?:square )?kilometres|metres|inhabitants)")

NOTES: Final[list[str]] = []
"""What `note` wrote, as long as the program runs."""

PUBLISHED: Final[dict[str, str]] = {}
"""What `publish` made public, by idempotency key."""


async def look_up(table: Mapping[str, Row], kind: str, name: str, question: str) -> Row:
    """The row of a table, after a while that depends on the question; raises LookupError if there is none."""
    await asyncio.sleep(PACE * (101 + crc32(f"{question} {name}".encode()) % 300) / 1000)
    if name not in table:
        message = f"the atlas knows no {kind} called {name}"
        raise LookupError(message)
    return table[name]


@read("atlas", latency=0.25)
async def search(entity: str) -> str:
    """A paragraph about a mountain, river, desert or city."""
    return await look_up(ARTICLES, "place", entity, "search")


@read("atlas", latency=0.25)
async def height(mountain: str) -> float:
    """Height of a mountain in metres."""
    return (await look_up(MOUNTAINS, "mountain", mountain, "height"))[0]


@read("atlas", latency=0.25)
async def length(river: str) -> float:
    """Length of a river in kilometres."""
    return (await look_up(RIVERS, "river", river, "length"))[0]


@read("atlas", latency=0.25)
async def area(desert: str) -> float:
    """Area of a desert in square kilometres."""
    return (await look_up(DESERTS, "desert", desert, "area"))[0]


@read("atlas", latency=0.25)
async def population(city: str) -> int:
    """Inhabitants of a city."""
    return (await look_up(CITIES, "city", city, "population"))[1]


@read("atlas", latency=0.25)
async def country(city: str) -> str:
    """The country that a city lies in."""
    return (await look_up(CITIES, "city", city, "country"))[0]


@read("atlas", latency=0.25)
async def capital(country: str) -> str:
    """The capital of a country."""
    return await look_up(CAPITALS, "country", country, "capital")


@read("atlas", latency=0.25)
async def cities(country: str) -> list[str]:
    """The cities of a country that the atlas knows, largest first."""
    await look_up(CAPITALS, "country", country, "cities")
    return sorted(
        (name for name, row in CITIES.items() if row[0] == country), key=lambda name: CITIES[name][1], reverse=True
    )


@read("atlas", latency=0.25)
async def coordinates(city: str) -> dict[str, float]:
    """Latitude and longitude of a city in degrees."""
    _, _, _, latitude, longitude = await look_up(CITIES, "city", city, "coordinates")
    return {"latitude": latitude, "longitude": longitude}


@pure
def distance(one: dict[str, float], other: dict[str, float]) -> int:
    """Kilometres between two pairs of coordinates along the surface of a sphere, by the haversine formula."""
    south, north = radians(one["latitude"]), radians(other["latitude"])
    turn = radians(other["longitude"] - one["longitude"])
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(turn / 2) ** 2
    return round(2 * EARTH_RADIUS_KM * asin(sqrt(half)))


@pure
def compare(one: str, other: str) -> str:
    """How far apart the first figures of two paragraphs of the atlas are; they must be of the same kind."""
    found = FIGURE.search(one), FIGURE.search(other)
    if found[0] is None or found[1] is None or found[0][2] != found[1][2]:
        message = f"nothing to compare in {one!r} and {other!r}"
        raise ValueError(message)
    first, second = (int(match[1].replace(",", "")) for match in found if match)
    return f"{abs(first - second):,} {found[0][2]} {'more' if first > second else 'less'}"


@pure
def subtract(a: float, b: float) -> float:
    """The difference `a - b`."""
    return a - b


@pure
def ratio(a: float, b: float) -> float:
    """How many times `b` goes into `a`, to two decimals."""
    return round(a / b, 2)


@pure
def larger(a: float, b: float) -> float:
    """The larger of two numbers."""
    return max(a, b)


@pure
def smaller(a: float, b: float) -> float:
    """The smaller of two numbers."""
    return min(a, b)


@pure
def without(items: list[str], item: str) -> list[str]:
    """A list without one of its elements."""
    return [other for other in items if other != item]


@write("notes")
def note(text: str) -> int:
    """Write a note, and give the number of notes so far."""
    NOTES.append(text)
    return len(NOTES)


@read("notes")
def notes() -> list[str]:
    """All notes, in the order in which they were written."""
    return list(NOTES)


@write("press", idempotency_key="key", approve=True)
async def publish(text: str, key: str) -> int:
    """Make a text public, once for each key; gives its number."""
    PUBLISHED.setdefault(key, text)
    return list(PUBLISHED).index(key) + 1
