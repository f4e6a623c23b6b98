"""A camera that sees the gallery's composites, for Chromium."""

from pathlib import Path

import cv2
import numpy as np

from webapp.components.gallery import Sample, read_gallery

COMPOSITES = [group[0] for group in read_gallery().values() if group[0].kind == "composite"]


def picture(sample: Sample) -> np.ndarray:
    return cv2.cvtColor(cv2.imdecode(np.frombuffer(sample.read(), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def in_scene(sample: Sample, side: int = 160, width: int = 320, height: int = 240) -> np.ndarray:
    """A composite as a camera would see it, (height, width, 3)."""
    scene = np.full((height, width, 3), 128, np.uint8)
    top, left = (height - side) // 2, (width - side) // 2
    scene[top : top + side, left : left + side] = cv2.resize(picture(sample), (side, side))
    return scene


def fake_camera(scenes: list[np.ndarray], file: Path, each: int = 30, rate: int = 10) -> list[str]:
    """Chromium's flags for a camera, allowed without asking, that shows the scenes in a loop.

    Each for ``each`` frames, at ``rate`` a second; ``file`` becomes the video, which is Y4M.
    """
    height, width = scenes[0].shape[:2]
    with file.open("wb") as video:
        video.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A0:0 C420jpeg\n".encode())
        for scene in scenes:
            frame = b"FRAME\n" + cv2.cvtColor(scene, cv2.COLOR_RGB2YUV_I420).tobytes()
            video.write(frame * each)
    allowed = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    return [*allowed, f"--use-file-for-fake-video-capture={file}"]
