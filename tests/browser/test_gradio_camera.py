"""The Gradio app's camera in a real browser: which frames are answered, and what a fault in one does to the next."""

import threading

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

import fer_models as fer
from fer_models.checkpoints import DEFAULT_CHECKPOINT
from tests.browser.conftest import launch
from tests.support.camera import COMPOSITES, fake_camera, in_scene
from tests.support.servers import free_port

SCENES = [in_scene(sample) for sample in COMPOSITES[:4]]
SCENE_S = 3


class Watched:
    """Looks at frames as ``work`` does, notes which scene each shows, holds the first and fails at the third."""

    def __init__(self, work):
        self.work = work
        self.seen: list[int] = []
        self.began, self.go = threading.Event(), threading.Event()

    def __call__(self, frame: bytes, checkpoint: str):
        shown = cv2.cvtColor(cv2.imdecode(np.frombuffer(frame, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
        small = [cv2.resize(each, (32, 24)).astype(int) for each in (shown, *SCENES)]
        self.seen.append(int(np.argmin([np.abs(small[0] - scene).mean() for scene in small[1:]])))
        if len(self.seen) == 1:
            self.began.set()
            self.go.wait(60)
        if len(self.seen) == 3:
            raise ZeroDivisionError
        return self.work(frame, checkpoint)


@pytest.fixture
def watched(monkeypatch) -> Watched:
    from webapp import space

    watched = Watched(space.explained)
    monkeypatch.setattr(space, "explained", watched)
    return watched


@pytest.fixture
def url(watched, monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "temporary"))
    from webapp import space

    page = space.app()
    _, address, _ = page.launch(server_port=free_port(), prevent_thread_lock=True, quiet=True, **space.LAUNCH)
    yield address
    page.close()


def test_the_newest_frame_is_answered_and_a_fault_in_one_does_not_end_the_stream(
    browser: Browser, url, watched, tmp_path
):
    classifier = fer.load_classifier(DEFAULT_CHECKPOINT)
    crops = [fer.detect_faces(scene)[0].crop for scene in SCENES]
    labels = [classifier.labels[index] for index in classifier.predict(crops).argmax(1)]
    with launch(browser.browser_type, *fake_camera(SCENES, tmp_path / "faces.y4m", 10 * SCENE_S)) as other:
        page = other.new_page()
        page.goto(url)
        page.get_by_role("tab", name="Live").click()
        page.get_by_role("button", name="webcam").click()
        page.get_by_role("button", name="capture").click()
        assert watched.began.wait(60)
        since = page.locator("video").evaluate("(video) => video.currentTime")
        page.wait_for_function(f"document.querySelector('video').currentTime > {since + SCENE_S + 0.5}")
        watched.go.set()
        for label in dict.fromkeys(labels):
            expect(page.get_by_test_id("label-output-value")).to_have_text(label, timeout=60_000)
    first, second, *later = watched.seen
    assert second != first and len(later) > 2
