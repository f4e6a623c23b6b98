"""Figures as files, opened again: colours, numbers of panels, provenance."""

import io
import json
import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fer_models.export.figure import DOTS_PER_INCH, figure
from fer_models.export.sheet import Sheet
from tests.support.sheets import made_up_sheet, panel


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def coloured(picture: np.ndarray, channel: int) -> np.ndarray:
    """Where one channel stands far above the others: red by 0, blue by 2."""
    others = np.delete(picture, channel, axis=2).max(2)
    return picture[..., channel] - others > 60


def test_red_lies_where_the_map_is_positive_and_blue_where_it_is_negative():
    values = np.float32([[2, 2, -2, -2]] * 4)
    picture = opened(figure(Sheet("one", [[panel(values, -2, 2)]])))
    face = picture[: int(2.2 * DOTS_PER_INCH)]
    red, blue = coloured(face, 0), coloured(face, 2)
    assert red.sum() > 5000 and blue.sum() > 5000
    assert np.nonzero(red)[1].max() < np.nonzero(blue)[1].min()


def test_a_weak_map_on_a_shared_scale_stays_weak():
    values = np.float32([[2, 2, -2, -2]] * 4)
    strong, weak = (opened(figure(Sheet("one", [[panel(each, -2, 2)]]))) for each in (values, values / 10))
    top = slice(0, int(2.2 * DOTS_PER_INCH))
    assert coloured(strong[top], 0).sum() > 5000 and not coloured(weak[top], 0).any()


@pytest.mark.parametrize("values", [np.zeros((4, 4), np.float32), np.full((1, 1), 0.5, np.float32)])
def test_a_map_of_one_value_is_drawn(values):
    level = float(values.max())
    assert opened(figure(Sheet("flat", [[panel(values, -level, level)]]))).std() > 0
    assert opened(figure(Sheet("flat", [[panel(values, level, level)]]))).std() > 0


def test_long_names_are_folded_and_none_is_read_as_a_formula():
    name = r"$\frac{$ " + "a very long name " * 6
    named, short = (Sheet(each, [[panel(np.eye(2), -1, 1, network=each, unit=each)]]) for each in (name, "short"))
    heights = [Image.open(io.BytesIO(figure(sheet))).height for sheet in (named, short)]
    assert heights[0] > heights[1] + 40


def test_a_sheet_without_maps_is_its_answers():
    assert opened(figure(Sheet("answers", [], made_up_sheet().answers))).std() > 0


def test_a_png_says_where_every_map_comes_from():
    sheet = made_up_sheet()
    told = Image.open(io.BytesIO(figure(sheet))).info
    assert told["Title"] == sheet.title
    assert json.loads(told["Description"]) == [each.facts for each in sheet.panels]


def test_a_pdf_is_one_page_with_its_pictures_and_provenance():
    sheet = made_up_sheet()
    pdf = figure(sheet, "pdf")
    assert pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF")
    assert re.search(rb"/Count 1\b", pdf)
    assert len(re.findall(rb"/Subtype /Image", pdf)) >= 2 * len(sheet.panels)  # a face with its map, and a bar
    assert b"a_mobilenet.ferplus" in pdf and b"/Title" in pdf
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL)
    assert streams and all(zlib.decompressobj().decompress(each) for each in streams if each.startswith(b"x"))


def test_figures_drawn_at_once_are_those_drawn_alone():
    sheets = [Sheet(f"{n}", [[panel(np.float32([[n, -n], [1, 2]]), -9, 9)]]) for n in range(6)]
    alone = [figure(sheet) for sheet in sheets]
    barrier = threading.Barrier(6)

    def draw(sheet: Sheet) -> bytes:
        barrier.wait()
        return figure(sheet)

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(draw, sheets)) == alone
