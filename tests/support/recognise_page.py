"""The page "Recognise", run without a browser: opening it, and what it says."""

import re
from html import unescape
from pathlib import Path

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

import webapp
from tests.support import pages
from tests.support.pages import checked, opened

APP = Path(webapp.__file__).with_name("app.py")


def open_page(**choices: str) -> AppTest:
    return opened(AppTest.from_file(str(APP), default_timeout=60), choices)


def html(page: AppTest) -> str:
    return unescape(pages.html(page))


def headline(page: AppTest) -> str:
    """The text of the largest heading, e.g. 'Happiness 52 %', or of the message in its place."""
    return re.sub(r"<[^>]+>", "", re.search(r'<div class="fs-answer.*?<h2[^>]*>(.*?)</h2>', html(page))[1])


def shown_crop(page: AppTest) -> str:
    return re.search(r"--fs-face:url\((data:image/webp[^)]+)\)", html(page))[1]


def said(page: AppTest) -> str:
    """All that the page says in plain text of Streamlit's own."""
    # Backslashes keep Markdown from reading what is meant as it stands.
    elements = (*page.caption, *page.markdown, *page.info, *page.error, *page.warning)
    return "\n".join(each.value for each in elements).replace("\\", "")


def has_frame(page: AppTest) -> bool:
    return any(each.proto.id.endswith("-frame") for each in page.get("bidi_component"))


def button(page: AppTest, words: str) -> Button:
    return next(each for each in page.button if words in each.label)


def own_pictures(page: AppTest) -> dict:
    try:
        return page.session_state["own_pictures"]
    except KeyError:
        return {}


def upload(page: AppTest, content: bytes, name: str = "picture.png") -> AppTest:
    page.radio(key="picture").set_value("upload").run()
    return checked(page.file_uploader[0].set_value((name, content, "image/png")).run())
