"""What a person wrote wrong, in words for that person."""

import difflib
from collections.abc import Iterable

from pydantic import ValidationError


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong and where, e.g. 'stages.0.side: Input should be less than or equal to 512'."""
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ")
    return f"{where}: {message}" if where else message


def nearest(name: str, known: Iterable[str]) -> str:
    """' Did you mean ...?' with the known name that is most like ``name``, to be added to a sentence; '' if none is."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.4)
    return f" Did you mean '{near[0]}'?" if near else ""
