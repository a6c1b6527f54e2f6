"""The measure of growth sees a square."""

from tests.growth import is_linear


def loop(turns: int) -> None:
    """Do nothing so often."""
    for _ in range(turns):
        pass


def test_a_square_is_not_linear() -> None:
    """Eight times the input costs eight times the time in the one, and 64 times in the other."""
    assert is_linear(loop, 200_000, 1_600_000)
    assert not is_linear(lambda size: loop(size * size), 500, 4_000)
