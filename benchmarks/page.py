"""How long a visitor waits on the page "Recognise", and what a first visit moves, in a real Chromium.

    .venv/bin/ferscope app &
    .venv/bin/python benchmarks/page.py http://localhost:8501

A first visit is one by a browser that has nothing yet. Then every sample face and every network is chosen a few times
on the warm server; the clock stops when the page shows another map of what covering changes. What is seen in the
gallery is seen once for all visitors, in the round that nobody counts. Then "Compare" with four networks: every face
once, and nobody has asked for its maps; one clock stops when all stands but what takes long, covering and integrated
gradients, another when that has filled in. Browser and server share the machine.
"""

import argparse
import re
import statistics
import time
import zlib

from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SAMPLES = ("Neutral", "Happiness", "Surprise", "Sadness", "Anger", "Disgust", "Fear", "Contempt", "Astronaut")
NETWORKS = ("MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention")
FOUR = ("mobilenetv3_simam", "mobilenetv3_cpsca", "a_mobilenet", "efficientnet_b0_attention")
CAM = '[alt^="What changes when a place is covered for"]'
AGREEMENT = ".fs-agreement"  # what is drawn last before what takes long
# Clicks and waits inside the page, so that only the page is timed.
CHOOSE = """(element, what) => new Promise(done => {
    const shown = () => document.querySelector(what)?.outerHTML;
    const before = shown(), start = performance.now();
    element.click();
    const look = () => shown() === before ? requestAnimationFrame(look) : done(performance.now() - start);
    look();
})"""


def first_visit(browser: Browser, url: str) -> tuple[Page, int, int]:
    """The page, and the bytes that came: files as they were sent, and answers by websocket as the server deflates them.

    Chromium tells a websocket's messages only as they are when inflated, so they are deflated here once more.
    """
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    files: list[float] = []
    messages: list[bytes] = []
    network.on("Network.loadingFinished", lambda event: files.append(event["encodedDataLength"]))
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: messages.append(_bytes(data))))
    page.goto(url)
    page.locator(CAM).first.wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    deflate = zlib.compressobj(wbits=-12)
    deflated = sum(len(deflate.compress(each) + deflate.flush(zlib.Z_SYNC_FLUSH)) for each in messages)
    return page, int(sum(files)), deflated


def _bytes(data: str | bytes) -> bytes:
    return data.encode() if isinstance(data, str) else data


def milliseconds(page: Page, choices: tuple[str, ...], rounds: int) -> list[float]:
    """Every choice in turn, ``rounds`` times, after one round that nobody counts."""
    times = []
    for number in range(rounds + 1):
        for name in choices:
            took = _choose(page, name, CAM)
            if number:
                times.append(took)
    return times


def _choose(page: Page, name: str, what: str) -> float:
    """Milliseconds from the click to another picture; the run has ended after that."""
    took = page.get_by_role("radio", name=re.compile(f"^{re.escape(name)}")).first.evaluate(CHOOSE, what)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=120_000)
    return took


def comparing(browser: Browser, url: str) -> tuple[list[float], list[float]]:
    """Milliseconds for each face until four networks stand side by side, and until all of their maps do."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(f"{url}/compare?networks={','.join(f'{name}.ferplus' for name in FOUR)}&sample=astronaut")
    page.locator(AGREEMENT).wait_for(timeout=120_000)
    page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for(timeout=120_000)
    stand, filled = [], []
    for name in SAMPLES[:-1]:
        start = time.perf_counter()
        stand.append(_choose(page, name, AGREEMENT))
        filled.append(1000 * (time.perf_counter() - start))
    return stand, filled


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        page, files, answers = first_visit(browser, options.url)
        moved = (files + answers) / 1e6
        print(f"first visit: {moved:.2f} MB, of it {files / 1e6:.2f} MB files and {answers / 1e6:.2f} MB answers")
        # The first choice would be the one that is shown already.
        for what, choices in (("sample", SAMPLES), ("network", NETWORKS)):
            times = milliseconds(page, choices[::-1], options.rounds)
            highest = statistics.quantiles(times, n=10)[-1]
            print(f"{what}: median {statistics.median(times):.0f} ms, 90th percentile {highest:.0f} ms ({len(times)})")
        stand, filled = map(statistics.median, comparing(browser, options.url))
        print(f"four networks compared: median {stand:.0f} ms, with all maps {filled:.0f} ms ({len(SAMPLES) - 1})")
        browser.close()


if __name__ == "__main__":
    main()
