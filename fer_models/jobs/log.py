"""What jobs do, as one JSON object a line: for a machine to read. It holds ids and numbers, no names and no paths."""

import json
import sys
import time


def log(event: str, job: str = "", **numbers: float | str | None) -> None:
    """Write ``event`` with the time (seconds since 1970) to the error stream."""
    line = {"time": round(time.time(), 3), "event": event} | ({"job": job} if job else {}) | numbers
    print(json.dumps(line), file=sys.stderr, flush=True)
