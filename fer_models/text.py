"""Names, numbers and mistakes as words for a person."""

import difflib
import math
from collections.abc import Iterable, Sequence

from pydantic import ValidationError


def first_mistake(error: ValidationError) -> str:
    """The first thing that is wrong and where, e.g. 'stages.0.side: Input should be less than or equal to 512'.

    Without a full stop, for it stands within a sentence.
    """
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    message = first["msg"].removeprefix("Value error, ").removesuffix(".")
    return f"{where}: {message}" if where else message


def nearest(name: object, known: Iterable[str]) -> str:
    """' Did you mean ...?' with the known name that is most like ``name``, to be added to a sentence; '' if none is."""
    near = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.4)
    return f" Did you mean '{near[0]}'?" if near else ""


def share_text(share: float) -> str:
    """A score as '82.4 %': cut off after a tenth, because a score is never rounded up."""
    # The small term keeps 0.3, which no float holds exactly, from becoming 29.9.
    return f"{math.floor(1000 * share + 1e-9) / 10:.1f} %"


def interval_text(interval: tuple[float, float]) -> str:
    """'80.3 to 83.0 %'; both ends are cut off."""
    low, high = map(share_text, interval)
    return f"{low.removesuffix(' %')} to {high}"


def probability_text(probability: float, digits: int = 1) -> str:
    """'93.1 %', rounded to ``digits``; never to a certainty that the network did not state: '<0.1 %', '>99.9 %'."""
    step = 10**-digits
    if 100 * probability <= step / 2:
        return f"<{step:g} %"
    if 100 * (1 - probability) <= step / 2:
        return f">{100 - step:g} %"
    return f"{100 * probability:.{digits}f} %"


def listed(names: Sequence[str], last: str = "and") -> str:
    """'disgust, fear and contempt', or with another word before the last."""
    return f" {last} ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
