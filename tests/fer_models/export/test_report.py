"""A report is one file that needs no other."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from fer_models.export.arrays import csv_text, npz
from fer_models.export.report import report, write_report
from tests.support.sheets import made_up_sheet


class Reader(HTMLParser):
    """Addresses, words, and what stands in the cells of tables."""

    def __init__(self, page: str):
        super().__init__()
        self.addresses: list[str] = []
        self.alternatives: list[str] = []
        self.cells: list[str] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        told = dict(attributes)
        self.tags.append(tag)
        self.addresses += [told[name] for name in ("src", "href") if name in told]
        if tag == "img":
            self.alternatives.append(told["alt"])

    def handle_data(self, data):
        if self.tags and self.tags[-1] in ("td", "th"):
            self.cells.append(data)


def content(address: str) -> bytes:
    return base64.b64decode(address.partition(";base64,")[2])


def test_a_report_carries_its_figure_and_its_numbers_and_asks_nobody():
    sheet = made_up_sheet()
    page = report(sheet).decode()
    read = Reader(page)
    assert "http" not in page and "script" not in read.tags
    assert all(address.startswith("data:") for address in read.addresses)
    assert "b" not in read.tags  # the picture's name holds a tag
    figure, values, arrays = map(content, read.addresses)
    assert Image.open(io.BytesIO(figure)).width > 300
    assert values.decode() == csv_text(sheet)
    assert set(np.load(io.BytesIO(arrays)).files) == set(np.load(io.BytesIO(npz(sheet))).files)
    assert {"happiness", "70.0 %", "features.13", "other.ferplus", "−2 to 2", "4 x 4"} <= set(read.cells)
    assert "A-MobileNet, grad-cam for happiness, strongest in row 1, column 1" in read.alternatives[0]


def test_many_sheets_are_written_one_by_one_and_nothing_is_left_of_a_report_that_fails(tmp_path):
    file = tmp_path / "report.html"
    write_report((made_up_sheet() for _ in range(3)), "Three", file)
    assert len(Reader(file.read_text(encoding="utf-8")).alternatives) == 3
    before = file.read_bytes()

    def failing():
        yield made_up_sheet()
        raise ValueError("the second cannot be read")

    with pytest.raises(ValueError, match="second"):
        write_report(failing(), "Two", file)
    assert file.read_bytes() == before and list(tmp_path.iterdir()) == [file]
