"""How long visitors wait for an answer when others are there: real sessions, each on its own websocket.

    .venv/bin/ferscope app &
    .venv/bin/python benchmarks/load.py http://localhost:8501

Each visitor opens "Recognise" and then asks for one face after another, as a browser does on Back and Forward: the
clock runs from the request to the end of the script's run. First one visitor alone, then ten who ask without a pause,
and the two are measured in turns, so that a busy machine hits both. Clients and server share the machine.
"""

import argparse
import asyncio
import statistics
import time
import urllib.error
import urllib.request

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

FACES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")


async def ask(visitor: ClientConnection, query: str) -> tuple[float, int]:
    """Seconds until the script has run for a page's query string, and the bytes that came."""
    message = BackMsg()
    message.rerun_script.query_string = query
    started = time.perf_counter()
    await visitor.send(message.SerializeToString())
    received = 0
    while True:
        data = await visitor.recv()
        received += len(data)
        answer = ForwardMsg.FromString(data)
        if answer.WhichOneof("type") == "script_finished":
            if answer.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                continue
            return time.perf_counter() - started, received


async def visit(url: str, number: int, faces: int) -> list[float]:
    """One visitor's waits, the opening of the page not counted."""
    async with connect(url, subprotocols=["streamlit"], max_size=None) as visitor:
        await ask(visitor, "")
        times = []
        for index in range(faces):
            seconds, _ = await ask(visitor, f"sample={FACES[(number + index) % len(FACES)]}")
            times.append(seconds)
        return times


async def crowd(url: str, visitors: int, faces: int) -> list[float]:
    waits = await asyncio.gather(*(visit(url, number, faces) for number in range(visitors)))
    return [seconds for each in waits for seconds in each]


def wait_until_ready(url: str, seconds: float = 120) -> None:
    """Return when the networks are in memory. Raises TimeoutError."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=10):
                return
        except urllib.error.HTTPError:
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
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    wait_until_ready(options.url)
    stream = options.url.replace("http", "ws", 1).rstrip("/") + "/_stcore/stream"
    alone: list[float] = []
    together: list[float] = []
    for _ in range(options.rounds):
        alone += asyncio.run(crowd(stream, 1, options.faces))
        together += asyncio.run(crowd(stream, options.visitors, options.faces))
    print(f"one visitor: {told(alone)}")
    print(f"{options.visitors} visitors: {told(together)}")
    print(f"ratio of the medians: {statistics.median(together) / statistics.median(alone):.1f}")


if __name__ == "__main__":
    main()
