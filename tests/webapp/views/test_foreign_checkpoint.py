"""Every page with a checkpoint of somebody else: its names are text, and a visitor hears of no path of the server."""

import logging

import pytest
from streamlit.testing.v1 import AppTest

import fer_models as fer
from fer_models.checkpoints import find_checkpoint
from tests.support.pages import checked, html, opened, text
from tests.webapp.conftest import save

PAGES = {
    "Recognise": "recognise",
    "Compare": "compare",
    "Operate": "operate",
    "Trust": "trust",
    "Evaluation": "evaluation",
}
NAME = "_own_ $x$.test"
MARKUP = ("*happy*", "~~sad~~", "$x$", "`code`", "[x]", "<mark>", ":red[x]")


def visit(title: str, **choices: str) -> AppTest:
    script = f"""
from webapp import state
from webapp.views.{PAGES[title]}.page import page

with state.kept({title!r}):
    page()
"""
    return opened(AppTest.from_string(script, default_timeout=120), choices)


def read_as_markdown(page: AppTest) -> str:
    """Everything on a page that the browser reads as Markdown."""
    kinds = (page.markdown, page.caption, page.info, page.warning, page.error, page.header, page.subheader)
    texts = [each.value for kind in kinds for each in kind]
    for widget in (*page.radio, *page.button, *page.expander, *page.selectbox, *page.toggle):
        texts += [widget.label, getattr(widget.proto, "help", "")]
    texts += [option for radio in page.radio for option in (*radio.options, *radio.proto.captions)]
    return "\n".join(texts)


@pytest.fixture
def weights(tmp_path, only_checkpoints, monkeypatch):
    monkeypatch.delenv("FERSCOPE_DATA", raising=False)
    only_checkpoints(tmp_path)
    for name in (NAME, "second.test"):
        save(tmp_path, "mobilenetv3_cpsca", name, labels=MARKUP)
    return find_checkpoint(NAME)


@pytest.mark.parametrize("title", PAGES)
def test_names_are_text(weights, title):
    page = visit(title, network=NAME)
    assert "happy" in text(page) or NAME in text(page)
    said = read_as_markdown(page)
    assert not [name for name in (*MARKUP, NAME) if name in said]
    assert "<mark>" not in html(page)


@pytest.mark.parametrize("title", PAGES)
@pytest.mark.parametrize("fault", ["card gone", "card a folder", "weights cut", "results damaged"])
def test_no_path_reaches_a_visitor(weights, title, fault, caplog):
    card = weights.with_suffix(".json")
    if fault == "weights cut":
        weights.write_bytes(b"cut off")
    elif fault == "results damaged":
        for kind in ("regions.json", "faithfulness.json", "surgery.json", "PublicTest.npz", "averages.npz"):
            weights.with_suffix(f".{kind}").write_bytes(b"cut off")
    else:
        card.unlink()
        if fault == "card a folder":
            card.mkdir()
    with caplog.at_level(logging.WARNING):
        page = visit(title, network=NAME)
    folder = str(weights.parent)
    assert folder not in html(page) + read_as_markdown(page)
    if fault == "weights cut" and title == "Recognise":
        (problem,) = page.error
        assert weights.name in problem.value.replace("\\", "") and weights.name in caplog.text


def test_a_checkpoint_removed_under_the_running_site(weights):
    page = visit("Recognise", network=NAME)
    for file in weights.parent.glob("*"):
        file.unlink()
    checked(page.run())
    assert str(weights.parent) not in html(page) + read_as_markdown(page)


@pytest.mark.parametrize("fault", [FileNotFoundError, PermissionError])
def test_the_librarys_sentences_name_files_without_folders(weights, fault, monkeypatch):
    from pathlib import Path

    def fails(self, *_, **__):
        raise fault(13, "it cannot be", str(self))

    monkeypatch.setattr(Path, "read_text", fails)
    with pytest.raises(fer.CheckpointError, match=r"_own_ \$x\$\.test\.json") as caught:
        fer.load_classifier(NAME)
    assert str(weights.parent) not in str(caught.value)
    assert str(weights.parent) in str(caught.value.__cause__)
