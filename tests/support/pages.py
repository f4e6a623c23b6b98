"""A page as a visitor's link opens it, without a browser, and what stands on it."""

import base64
import io
import json
import re
from html import unescape

import numpy as np
from PIL import Image
from streamlit.testing.v1 import AppTest


def opened(page: AppTest, choices: dict[str, str]) -> AppTest:
    """Run a page once, with the choices of a link."""
    for name, value in choices.items():
        page.query_params[name] = value
    return checked(page.run())


def checked(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    return page


def html(page: AppTest) -> str:
    return "".join(block.proto.body for block in page.get("html"))


def text(page: AppTest) -> str:
    """What the page says, first in its own HTML, without tags, then by Streamlit's elements; with single blanks."""
    without_style = re.sub(r"<style>.*?</style>", "", html(page), flags=re.DOTALL)
    own = unescape(re.sub(r"<[^>]+>", " ", without_style))
    kinds = (page.header, page.subheader, page.markdown, page.caption, page.info, page.warning)
    # Backslashes keep Markdown from reading what is meant as it stands.
    streamlits = " ".join(each.value for kind in kinds for each in kind).replace("\\", "")
    return " ".join(f"{own} {streamlits}".split())


def charts(page: AppTest) -> dict[str, dict]:
    """Every chart as Plotly gets it, by key."""
    found = {}
    for element in page.get("plotly_chart"):
        key = element.proto.id.rpartition("-")[2]
        found[key] = json.loads(element.proto.spec)
    return found


def matrix(page: AppTest, key: str = "matrix") -> str:
    """The HTML of a confusion matrix of buttons."""
    (found,) = (each.proto for each in page.get("bidi_component") if each.proto.id.endswith(f"-{key}"))
    return json.loads(found.json)["html"]


def has_matrix(page: AppTest, key: str = "matrix") -> bool:
    return any(each.proto.id.endswith(f"-{key}") for each in page.get("bidi_component"))


def cells(page: AppTest, unit: str = "faces?", key: str = "matrix") -> np.ndarray:
    """What the buttons of a matrix say, line by line (K, K): numbers of faces, or the numbers before another unit."""
    numbers = []
    for said in re.findall(r'<button[^>]* aria-label="([^"]*)"', matrix(page, key)):
        found = re.search(rf", ([+−]?[0-9,.]+) {unit}(?:,|$)", said)
        assert found, said
        numbers.append(float(found[1].replace(",", "").replace("−", "-")))
    side = round(len(numbers) ** 0.5)
    return np.array(numbers).reshape(side, side)


def values(array) -> np.ndarray:
    """Plotly sends arrays as lists or as base64."""
    if isinstance(array, dict):
        found = np.frombuffer(base64.b64decode(array["bdata"]), array["dtype"])
        return found.reshape([int(side) for side in array["shape"].split(",")]) if "shape" in array else found
    return np.array(array, float)


def pictures(page: AppTest) -> list[np.ndarray]:
    """Grey pictures of the chosen cell, pixel for pixel."""
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html(page))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))) for content in found]
