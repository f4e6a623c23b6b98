"""How long visitors wait for an answer when others are there: real sessions, each on its own websocket.

    .venv/bin/ferscope app &
    .venv/bin/python benchmarks/load.py http://localhost:8501 --visitors 50
    .venv/bin/python benchmarks/load.py http://localhost:8501 --visitors 200
    .venv/bin/python benchmarks/load.py http://localhost:8501 --visitors 50 --minutes 10

Each visitor opens "Recognise" and then asks for a face and a network at random, as a browser does on Back and Forward,
with a pause of two to six seconds to look at it. The clock runs from the request to the end of the script's run.
Memory is the server's own, as /metrics tells it. Clients and server share the machine.
"""

import argparse
import asyncio
import os
import random
import re
import statistics
import time
import urllib.request
from collections.abc import Iterator

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

#: Of fifty visitors on two idle cores, in milliseconds.
BOUND_P50, BOUND_P95 = 150, 600
#: After so many seconds a visitor counts as lost.
LOST_S = 120
FACES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
NETWORKS = ("mobilenetv3_simam", "mobilenetv3_cpsca", "a_mobilenet", "efficientnet_b0_attention")


async def ask(visitor: ClientConnection, query: str, before: set[str]) -> tuple[float, set[str]]:
    """Seconds until the script has run for a page's query string, and what came, some of it not as before.

    That is HTML, or the hash of what this visitor has been sent already.
    """
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.is_history_navigation = True
    started = time.perf_counter()
    await visitor.send(message.SerializeToString())
    shown = set()
    while True:
        answer = ForwardMsg.FromString(await visitor.recv())
        kind = answer.WhichOneof("type")
        if kind == "delta":
            shown.add(answer.hash or answer.delta.new_element.html.body)
        elif kind == "ref_hash":
            shown.add(answer.ref_hash)
        elif kind == "script_finished" and shown - before:  # else an earlier run has ended
            return time.perf_counter() - started, shown


def questions(chance: random.Random) -> Iterator[str]:
    """Query strings, each for another face than the one before."""
    face = ""
    while True:
        face = chance.choice([each for each in FACES if each != face])
        yield f"sample={face}&network={chance.choice(NETWORKS)}.ferplus"


async def visit(url: str, number: int, options: argparse.Namespace, waits: list[float]) -> None:
    """Note one visitor's waits, the opening of the page not counted. Raises where an answer does not come."""
    chance = random.Random(number)
    low, high = options.pause
    await asyncio.sleep(chance.uniform(0, high))  # not all come at once
    opened = connect(
        url, subprotocols=[Subprotocol("streamlit")], max_size=None, open_timeout=LOST_S, ping_interval=None
    )
    async with opened as visitor:
        _, before = await asyncio.wait_for(ask(visitor, "", set()), LOST_S)
        until = time.monotonic() + 60 * options.minutes
        for query in questions(chance):
            await asyncio.sleep(chance.uniform(low, high))
            if time.monotonic() > until:
                return
            seconds, before = await asyncio.wait_for(ask(visitor, query, before), LOST_S)
            waits.append(seconds)


async def crowd(url: str, options: argparse.Namespace) -> tuple[list[float], list[BaseException]]:
    """All visitors' waits in seconds, and why visitors were lost."""
    waits: list[float] = []
    visits = [visit(url, number, options, waits) for number in range(options.visitors)]
    ends = await asyncio.gather(*visits, return_exceptions=True)
    return waits, [end for end in ends if end is not None]


async def memory(url: str, options: argparse.Namespace, found: list[float]) -> None:
    """Note the server's memory in MiB, ten times evenly over the measurement, and go on until it is over."""
    while True:
        found.append(await asyncio.to_thread(resident, url))
        await asyncio.sleep(6 * options.minutes)


def resident(url: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=LOST_S) as answer:
        (size,) = re.findall(r"^process_resident_memory_bytes (.+)$", answer.read().decode(), re.MULTILINE)
    return float(size) / 2**20


async def measure(url: str, options: argparse.Namespace) -> tuple[list[float], list[BaseException], list[float]]:
    """Waits, losses, and memory over time."""
    sizes: list[float] = []
    watching = asyncio.create_task(memory(url, options, sizes))
    waits, lost = await crowd(url.replace("http", "ws", 1) + "/_stcore/stream", options)
    watching.cancel()
    return waits, lost, [*sizes, resident(url)]


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--visitors", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--pause", type=float, nargs=2, default=(2, 6), metavar=("LEAST", "MOST"), help="seconds")
    options = parser.parse_args()
    url = options.url.rstrip("/")
    wait_until_ready(url)
    print(f"load average {os.getloadavg()[0]:.1f} before")
    waits, lost, sizes = asyncio.run(measure(url, options))
    p50, p95 = statistics.median(waits) * 1000, statistics.quantiles(waits, n=20)[-1] * 1000
    print(f"{options.visitors} visitors: p50 {p50:.0f} ms, p95 {p95:.0f} ms ({len(waits)} answers)")
    print(f"bounds for 50 on two idle cores: p50 {BOUND_P50} ms, p95 {BOUND_P95} ms")
    print(f"visitors lost: {len(lost)}", *sorted({repr(each) for each in lost}))
    print(f"memory of the server: {', '.join(f'{size:.0f}' for size in sizes)} MiB")


if __name__ == "__main__":
    main()
