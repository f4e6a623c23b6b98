"""How often one visitor may call."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_VISITORS = 10_000  # that are remembered; who called longest ago is forgotten first


class Rate:
    """So many calls a second of each visitor, and as many as that at once; 0 for no limit.

    The generic cell rate algorithm (ITU-T I.371): of each visitor one number is kept, when the calls so far would be
    over if they had come evenly.
    """

    def __init__(self, calls_a_second: float, clock: Callable[[], float] = time.monotonic):
        self.apart = 1 / calls_a_second if calls_a_second > 0 else 0.0
        self.ahead = max(1.0 - self.apart, 0.0)
        self._clock = clock
        self._over: OrderedDict[str, float] = OrderedDict()
        self._using = threading.Lock()

    def wait(self, visitor: str) -> float:
        """Seconds until the visitor may call again; 0, and the call counts, where they may now."""
        with self._using:
            now = self._clock()
            over = max(self._over.get(visitor, now), now)
            if over - now > self.ahead:
                return over - now - self.ahead
            self._over[visitor] = over + self.apart
            self._over.move_to_end(visitor)
            if len(self._over) > MOST_VISITORS:
                self._over.popitem(last=False)
            return 0.0
