"""Laws that hold for several targets."""


def check_message(error: Exception, most: int = 1_000) -> None:
    """What is wrong with an input is said in a bounded text."""
    assert len(str(error)) <= most, f"{len(str(error)):,} characters"


def check_printable(error: Exception) -> None:
    """Nothing that is quoted reaches a terminal as it is."""
    assert str(error).isprintable(), ascii(str(error))


def check_secret(error: Exception, secret: str) -> None:
    """A secret is not shown, by the error or its cause."""
    assert secret not in f"{error!r} {error} {error.__cause__!r}"
