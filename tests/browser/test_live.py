"""Live in a real browser: the built folder behind a plain file server, with a fake camera and without one."""

import base64
import functools
import json
import re
import threading
import wave
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest
from huggingface_hub import SpaceCard
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import fer_models as fer
from tests.browser.conftest import LIVE_NETWORKS as NETWORKS
from tests.browser.conftest import launch
from tests.support.camera import COMPOSITES, fake_camera, in_scene, picture
from webapp.components.gallery import read_gallery

TITLES = ("MobileNetV3-CPSCA", "A-MobileNet")


class Quiet(SimpleHTTPRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def live_url(live_built) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=live_built)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def opened(page: Page, url: str) -> Page:
    page.goto(url)
    expect(page.locator("#share")).not_to_have_text("", timeout=60_000)
    return page


def shares(page: Page) -> dict[str, float]:
    lines = page.locator("#bars tr").all_inner_texts()
    return {line.split("\t")[0].strip().lower(): float(line.split("\t")[-1].rstrip("\u202f%")) for line in lines}


def test_every_sample_has_the_librarys_answer_and_nothing_is_asked_of_others(page, page_errors, live_url):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    opened(page, live_url)
    for checkpoint, title in zip(NETWORKS, TITLES, strict=True):
        page.get_by_label("Network").select_option(label=title)
        expect(page.locator("#who")).to_contain_text(title)
        classifier = fer.load_classifier(checkpoint)
        for sample in COMPOSITES:
            page.locator("#samples").get_by_role("img", name=sample.title).click()
            expect(page.locator("#share")).not_to_have_text("")
            (expected,) = classifier.predict([picture(sample)])
            found = shares(page)
            for label, share in zip(classifier.labels, expected, strict=True):
                assert abs(found[label] - 100 * share) < 1.5, (sample.id, label)
            name = classifier.labels[int(expected.argmax())]
            expect(page.locator("#what")).to_have_text(name.capitalize())
    assert all(url.startswith((live_url, f"blob:{live_url}", "data:")) for url in asked)
    assert not page_errors


def test_the_page_itself_forbids_that_anything_leaves_the_machine(browser: Browser, live_url):
    page = opened(browser.new_page(), live_url)  # under its policy, as visitors have it
    refused = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => error.message)")
    told = page.evaluate(
        "() => new Promise((done) => { addEventListener('securitypolicyviolation', (e) => done(e.violatedDirective));"
        " fetch('http://127.0.0.1:9/').catch(() => null); })"
    )
    page.close()
    assert refused != "sent" and told == "connect-src"


def test_eyes_are_framed_as_on_the_server(browser: Browser, live_url):
    pictures, truths = [], []
    for sample in (sample for group in read_gallery().values() for sample in group):
        if sample.kind == "composite":
            scene, corner, side = in_scene(sample), 80 + 40j, 160.0
        else:
            scene = picture(sample)
            left, right = (complex(*eye) for eye in fer.detect_faces(scene, yunet=None)[0].eyes)
            side = abs(right - left) / 0.39
            corner = left - side * (0.30 + 0.38j)
        pictures.append(png(scene))
        truths.append((corner, side))
    context = browser.new_context(bypass_csp=True)  # the pictures are handed over as data
    page = context.new_page()
    page.goto(live_url)
    frames = page.evaluate(
        """async (pictures) => {
          const [{ Finder }, { frameOfEyes }] = await Promise.all(
            ["finder.js", "frame.js"].map((file) => import(new URL(file, location).href)));
          const { blazeface } = await (await fetch("live.json")).json();
          const finder = await Finder.load(new URL(blazeface, location).href);
          const frames = [];
          for (const each of pictures) {
            const found = await finder.find(await createImageBitmap(await (await fetch(each)).blob()));
            frames.push(found && frameOfEyes(found.eyes));
          }
          return frames;
        }""",
        pictures,
    )
    context.close()
    for frame, (corner, side) in zip(frames, truths, strict=True):
        edge = complex(*frame["edge"])
        for eye in (0.30 + 0.38j, 0.69 + 0.38j):
            assert abs(complex(*frame["corner"]) + edge * eye - (corner + side * eye)) < 0.04 * side


def png(scene: np.ndarray) -> str:
    encoded = cv2.imencode(".png", cv2.cvtColor(scene, cv2.COLOR_RGB2BGR))[1].tobytes()
    return f"data:image/png;base64,{base64.b64encode(encoded).decode()}"


def test_a_camera_shows_each_expression_as_the_library_reads_it(browser: Browser, live_url, tmp_path):
    scenes = [in_scene(sample) for sample in COMPOSITES]
    classifier = fer.load_classifier(NETWORKS[0])
    crops = [fer.detect_faces(scene, yunet=None)[0].crop for scene in scenes]
    labels = [classifier.labels[index] for index in classifier.predict(crops).argmax(1)]
    with launch(browser.browser_type, *fake_camera(scenes, tmp_path / "faces.y4m")) as other:
        page = opened(other.new_page(), live_url)
        page.evaluate(
            "() => { globalThis.seen = new Set(); const what = document.getElementById('what');"
            " new MutationObserver(() => seen.add(what.textContent)).observe(what, { childList: true }); }"
        )
        page.get_by_role("button", name="Camera").click()
        expect(page.get_by_role("button", name="Camera")).to_have_attribute("aria-pressed", "true")
        for label in dict.fromkeys(labels):
            expect(page.locator("#what")).to_have_text(label.capitalize(), timeout=60_000)
        expect(page.locator("#rate")).to_contain_text("frames a second")
        page.get_by_label("Back").fill("0")  # a frame is on its way now
        expect(page.locator("#ago")).to_contain_text("s ago")
        expect(page.get_by_role("button", name="Pause")).to_have_attribute("aria-pressed", "true")
        assert set(page.evaluate("[...seen]")) - {"…"} <= {*map(str.capitalize, classifier.labels)}
        before = shares(page)
        page.get_by_role("img", name="Grad-CAM for").press("ArrowUp")  # covers a place of the moment that is held
        expect(page.locator("#cam")).to_have_attribute("data-covered", re.compile(r"^0\.5,0\.4"))
        assert shares(page) != before
        page.get_by_label("Network").select_option(label=TITLES[1])
        expect(page.locator("#who")).to_contain_text(TITLES[1])
        expect(page.locator("#ago")).to_contain_text("s ago")
        page.get_by_role("button", name="Pause").click()
        expect(page.locator("#ago")).to_have_text("now")


@pytest.mark.parametrize("touch", [False, True])
def test_a_place_is_covered_by_finger_mouse_and_keyboard(browser: Browser, live_url, touch):
    context = browser.new_context(viewport={"width": 375, "height": 812}, has_touch=touch)
    page = opened(context.new_page(), live_url)
    before = shares(page)
    face = page.get_by_role("img", name="Grad-CAM for")
    box = face.bounding_box()
    middle = {"x": box["width"] * 0.5, "y": box["height"] * 0.76}
    if touch:
        face.tap(position=middle)
    else:
        face.click(position=middle)
    expect(face).to_have_attribute("data-covered", re.compile(r"^0\.[45]\d*,0\.7"))
    mouth = shares(page)
    face.press("ArrowUp")
    expect(face).to_have_attribute("data-covered", re.compile(r"^0\.[45]\d*,0\.6"))
    face.press("Escape")
    expect(face).to_have_attribute("data-covered", "")
    assert shares(page) == before != mouth
    context.close()


def test_who_has_no_camera_is_told_what_to_do(page, live_url):
    opened(page, live_url)
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("alert")).to_contain_text("Upload a picture")
    expect(page.locator("#what")).to_have_text("Happiness")  # what was on show stays


def test_an_upload_is_looked_at_and_another_file_is_refused_in_words(page, live_url, tmp_path):
    opened(page, live_url)
    file = tmp_path / "surprise.png"
    Image.fromarray(in_scene(next(sample for sample in COMPOSITES if sample.label == "surprise"))).save(file)
    page.locator("#upload").set_input_files(file)
    expect(page.locator("#what")).to_have_text("Surprise")
    (tmp_path / "words.png").write_text("no picture")
    page.locator("#upload").set_input_files(tmp_path / "words.png")
    expect(page.get_by_role("alert")).to_contain_text("no picture or video")
    Image.fromarray(np.full((200, 300, 3), 90, np.uint8)).save(tmp_path / "grey.png")
    page.locator("#upload").set_input_files(tmp_path / "grey.png")
    expect(page.locator("#who")).to_have_text("No face is seen")


def test_a_figure_is_saved_and_opens(page, live_url, tmp_path):
    opened(page, live_url)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save figure").click()
    download.value.save_as(tmp_path / "figure.png")
    figure = np.asarray(Image.open(tmp_path / "figure.png").convert("RGB")).astype(int)
    assert figure.shape[1] > 3 * 224 and np.ptp(figure, axis=2).max() > 100  # maps are in colour


def test_music_of_the_mood_plays_once_it_is_asked_for(page, live_url, tmp_path):
    opened(page, live_url)
    page.get_by_text("Music of the mood").click()
    song = page.locator("#song")
    expect(song).to_have_text("")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(song).to_have_text("happiness: tune 1")
    page.get_by_role("button", name="Skip").click()
    expect(song).to_have_text("happiness: tune 2")
    surprise = next(sample for sample in COMPOSITES if sample.label == "surprise")
    page.locator("#samples").get_by_role("img", name=surprise.title).click()
    expect(song).to_have_text("surprise: tune 1")
    (tmp_path / "mine" / "surprise").mkdir(parents=True)
    with wave.open(str(tmp_path / "mine" / "surprise" / "mine.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000 * 8))
    page.locator("#songs").set_input_files(tmp_path / "mine")
    expect(song).to_have_text("surprise: mine.wav")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(song).to_have_text("")
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "song.txt").write_text("la la")
    page.locator("#songs").set_input_files(tmp_path / "none")
    expect(page.get_by_role("alert")).to_contain_text("No song of this folder has a mood")


def test_after_the_first_visit_it_works_without_a_connection(browser: Browser, live_url):
    context = browser.new_context()
    page = opened(context.new_page(), live_url)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
    opened(page, live_url)  # all that it is made of passes through the service worker once
    context.set_offline(True)
    opened(page, live_url)
    expect(page.locator("#what")).to_have_text("Happiness")
    context.close()


def test_the_folder_is_a_static_space(live_built):
    card = SpaceCard.load(live_built / "README.md")
    assert (card.data.sdk, card.data.app_file) == ("static", "index.html") and (live_built / "index.html").is_file()
    assert all(name in card.text and fer.load_classifier(name).card.licence in card.text for name in NETWORKS)


def test_facts_name_every_file_that_is_there(live_built):
    facts = json.loads((live_built / "live.json").read_text())
    files = [*(network["file"] for network in facts["networks"]), *(each["file"] for each in facts["samples"])]
    assert all((live_built / file).is_file() for file in [*files, facts["blazeface"]])
    assert [network["title"] for network in facts["networks"]] == list(TITLES)
    assert sum(file.stat().st_size for file in live_built.rglob("*")) < 40e6
