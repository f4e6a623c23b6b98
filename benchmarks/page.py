"""How long a visitor waits on the page "Recognise": from a choice to its result, in a real Chromium.

    .venv/bin/ferscope app &
    .venv/bin/python benchmarks/page.py http://localhost:8501

Every sample face and every network is chosen a few times on the warm server; the clock stops when the answer, the crop
and Grad-CAM have changed on the page. Browser and server share the machine.
"""

import argparse
import statistics

from playwright.sync_api import Page, sync_playwright

FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
SAMPLES = ("Neutral", "Happiness", "Surprise", "Sadness", "Anger", "Disgust", "Fear", "Contempt", "Astronaut")
NETWORKS = ("MobileNetV3-SimAM", "MobileNetV3-CPSCA", "A-MobileNet", "EfficientNet-B0-attention")
# Clicks and waits inside the page, so that only the page is timed.
CHOOSE = """element => new Promise(done => {
    const shown = () => ['.fs-answer', '.fs-overview'].map(each => document.querySelector(each)?.innerHTML).join();
    const before = shown(), start = performance.now();
    element.click();
    const look = () => shown() === before ? requestAnimationFrame(look) : done(performance.now() - start);
    look();
})"""


def milliseconds(page: Page, choices: tuple[str, ...], rounds: int) -> list[float]:
    """Every choice in turn, ``rounds`` times, after one round that nobody counts."""
    times = []
    for number in range(rounds + 1):
        for name in choices:
            took = page.get_by_role("radio", name=name, exact=True).evaluate(CHOOSE)
            page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
            if number:
                times.append(took)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(options.url)
        page.locator(".fs-overview").wait_for(timeout=60_000)
        # The first choice would be the one that is shown already.
        for what, choices in (("sample", SAMPLES), ("network", NETWORKS)):
            times = milliseconds(page, choices[::-1], options.rounds)
            highest = statistics.quantiles(times, n=10)[-1]
            print(f"{what}: median {statistics.median(times):.0f} ms, 90th percentile {highest:.0f} ms ({len(times)})")
        browser.close()


if __name__ == "__main__":
    main()
