"""What pydantic found wrong, in words for the person who wrote it."""

from pydantic import ValidationError


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong and where, e.g. 'stages.0.side: Input should be less than or equal to 512'."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message
