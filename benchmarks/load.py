"""How long visitors wait for an answer when others are there: real sessions, each on its own websocket.

    .venv/bin/ferscope app &
    .venv/bin/python benchmarks/load.py http://localhost:8501

Each visitor opens "Recognise" and then asks for one face after another, as a browser does on Back and Forward, with a
pause of about a second to look at the answer. The clock runs from the request to the end of the script's run. One
visitor and ten are measured in turns, so that a busy machine hits both. Clients and server share the machine.
"""

import argparse
import asyncio
import random
import statistics
import time
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

#: Many visitors wait at most this many times as long as one.
BOUND = 2
FACES = ("neutral", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


async def ask(visitor: ClientConnection, query: str) -> tuple[float, set[str]]:
    """Seconds until the script has run for a page's query string, and the HTML that came."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.is_history_navigation = True
    started = time.perf_counter()
    await visitor.send(message.SerializeToString())
    html = set()
    while True:
        answer = ForwardMsg.FromString(await visitor.recv())
        kind = answer.WhichOneof("type")
        if kind == "delta":
            html.add(answer.delta.new_element.html.body)
        elif kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            return time.perf_counter() - started, html


async def visit(url: str, number: int, options: argparse.Namespace) -> list[float]:
    """One visitor's waits, the opening of the page not counted."""
    pauses = random.Random(number)
    async with connect(url, subprotocols=[Subprotocol("streamlit")], max_size=None) as visitor:
        _, before = await ask(visitor, "")
        times = []
        for index in range(options.faces):
            await asyncio.sleep(options.pause * pauses.uniform(0.5, 1.5))
            seconds, shown = await ask(visitor, f"sample={FACES[(number + index) % len(FACES)]}")
            if not shown - before:
                raise RuntimeError("Another face was asked for, and the page is the same.")
            before = shown
            times.append(seconds)
        return times


async def crowd(url: str, visitors: int, options: argparse.Namespace) -> list[float]:
    waits = await asyncio.gather(*(visit(url, number, options) for number in range(visitors)))
    return [seconds for each in waits for seconds in each]


def wait_until_ready(url: str, seconds: float = 120) -> None:
    """Return when the networks are in memory. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=10):
                return
        except OSError:  # not listening yet, or not ready
            time.sleep(0.2)
    raise TimeoutError(f"{url} is not ready after {seconds:.0f} s")


def told(times: list[float]) -> str:
    p95 = statistics.quantiles(times, n=20)[-1]
    return f"p50 {1000 * statistics.median(times):.0f} ms, p95 {1000 * p95:.0f} ms ({len(times)})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--visitors", type=int, default=10)
    parser.add_argument("--faces", type=int, default=10, help="faces that each visitor asks for in a round")
    parser.add_argument("--pause", type=float, default=1, help="seconds between an answer and the next question")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    wait_until_ready(options.url)
    stream = options.url.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
    alone: list[float] = []
    together: list[float] = []
    for _ in range(options.rounds):
        alone += asyncio.run(crowd(stream, 1, options))
        together += asyncio.run(crowd(stream, options.visitors, options))
    print(f"one visitor: {told(alone)}")
    print(f"{options.visitors} visitors: {told(together)}")
    ratio = statistics.median(together) / statistics.median(alone)
    print(f"ratio of the medians: {ratio:.1f}; at most {BOUND}: {'holds' if ratio <= BOUND else 'does not hold'}")


if __name__ == "__main__":
    main()
