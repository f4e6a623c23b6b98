"""Frames a second of the page Live in a real Chromium, and how long its first answer takes.

    .venv/bin/python -m benchmarks.live
    .venv/bin/python -m benchmarks.live --one-core

Builds the page into a temporary folder (which fetches from the npm registry), or takes a built FOLDER. A plain file
server serves it, so that WebAssembly has one thread. The fake camera shows the gallery's composites, 320 x 240, thirty
frames a second; finding the face is included. The first answer is that to the first sample, in a browser that has
nothing yet, from the start of the navigation. With --one-core the browser has one core for all of its processes.
"""

import argparse
import functools
import os
import shutil
import statistics
import tempfile
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.camera import COMPOSITES, fake_camera, in_scene
from webapp.live.build import build

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
#: Frames a second: of MobileNetV3-CPSCA, and of whichever is slowest.
BOUND, BOUND_OF_SLOWEST = 15, 8
BOUND_OF_FIRST_S = 3
_RATES = """async (seconds) => {
    const rates = [], pause = () => new Promise((done) => setTimeout(done, 1000));
    for (let second = 0; second < seconds; second++) {
        await pause();
        rates.push(parseInt(document.getElementById("rate").textContent));
    }
    return rates;
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A browser that goes away before it has everything is none."""


def first_answer(browser: Browser, url: str) -> float:
    """Seconds, in a profile of its own."""
    context = browser.new_context(bypass_csp=True)  # waiting evaluates text, which the page's policy forbids
    page = context.new_page()
    page.goto(url)
    page.wait_for_function("document.getElementById('share').textContent")
    took = page.evaluate("performance.now()") / 1000
    context.close()
    return took


def rates(page: Page, title: str, seconds: int) -> list[int]:
    """Frames a second as the page tells them, once a second, the first three left out."""
    page.get_by_label("Network").select_option(label=title)
    page.locator("#who", has_text=title).wait_for(timeout=60_000)
    found: list[int] = page.evaluate(_RATES, seconds + 3)
    return found[3:]


def measure(url: str, options: argparse.Namespace, video: Path) -> None:
    with sync_playwright() as playwright:
        flags = [*FLAGS, *fake_camera([in_scene(sample) for sample in COMPOSITES], video, 90, 30)]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        firsts = [first_answer(browser, url) for _ in range(options.loads)]
        print(f"load average {os.getloadavg()[0]:.1f}; {'one core' if options.one_core else 'all cores'}")
        print(f"first answer: median {statistics.median(firsts):.1f} s ({options.loads}); at most {BOUND_OF_FIRST_S} s")
        page = browser.new_page(bypass_csp=True)
        page.goto(url)
        page.wait_for_function("document.getElementById('share').textContent", timeout=60_000)
        page.get_by_role("button", name="Camera").click()
        page.wait_for_function("document.getElementById('rate').textContent.includes('frames')", timeout=60_000)
        for title in page.locator("#network option").all_inner_texts():
            found = rates(page, title, options.seconds)
            print(
                f"{title}: median {statistics.median(found):.0f} frames a second, least {min(found)} ({len(found)} s)"
            )
        browser.close()
    print(f"at least {BOUND} of MobileNetV3-CPSCA, {BOUND_OF_SLOWEST} of the slowest")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--seconds", type=int, default=20, help="of each network")
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--one-core", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = options.folder or Path(place) / "live"
        if options.folder is None:
            build(folder)
        if options.one_core:
            os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
        with Server(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            measure(f"http://127.0.0.1:{server.server_port}/", options, Path(place) / "faces.y4m")
            server.shutdown()


if __name__ == "__main__":
    main()
