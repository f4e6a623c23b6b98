"""Does the map depend on what was learned? The slider makes the network's weights random, from the head backwards."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

import fer_models as fer
from fer_models.explanation.randomisation import GONE, LIVES, Step, randomisation
from webapp import keys, state
from webapp.figures import answer, strips
from webapp.figures.colours import BLUE_CLEAR_RED, signed_scale
from webapp.figures.pictures import grey_face_uri
from webapp.figures.strips import Frame
from webapp.maps import remembered
from webapp.views.trust.one_face import Shown

#: So that a method that looks at a face many times takes seconds, not a minute.
QUICKER: dict[str, dict[str, Any]] = {
    "occlusion": {"grid": 8, "draws": 1},
    "integrated-gradients": {"steps": 8, "draws": 1},
    "ablation-cam": {"draws": 1},
}


def show(shown: Shown) -> None:
    """Draw the verdict, the slider, the map at its step, and how alike the map is at every step."""
    from webapp.figures.charts import CONFIG
    from webapp.figures.curves import similarity_figure

    with st.container(key="randomised"):
        lead = st.empty()
        lead.html(
            strips.heading("Does the map die with the weights?", "The weights are being made random, part by part.")
        )
        place = st.container()
        with st.spinner("Making weights random"):
            steps = _steps(shown)
        lead.html(strips.heading(_title(shown.title, steps), _sentence(steps)))
        with place:
            names = {str(step.parts): step.part if step.parts < 2 else f"{step.part} on" for step in steps}
            chosen = int(state.choose(keys.RANDOM, _slider, "Weights are random from here to the head", names))
            left, right = st.columns(2, gap="large")
            left.html(_pictures(shown, steps, chosen))
            figure = similarity_figure(
                [step.part for step in steps], [step.similarity for step in steps], chosen, LIVES
            )
            right.plotly_chart(figure, config=CONFIG, key="similarity")
            with st.expander("Every step as a table"):
                st.table(
                    {
                        "random from": [step.part for step in steps],
                        "likeness": [f"{step.similarity:.2f}" for step in steps],
                        "probability": [answer.percent(step.score, 1) for step in steps],
                    }
                )


def _slider(label: str, options: Sequence[str], default: str, **arguments: Any) -> str:
    """Streamlit's select_slider under the names that :func:`state.choose` uses."""
    return st.select_slider(label, options=options, value=default, **arguments)


def _steps(shown: Shown) -> list[Step]:
    method, layer, target = shown.map.method, shown.map.layer, shown.seen.target

    def compute(classifier: fer.Classifier) -> list[Step]:
        return randomisation(classifier, shown.face.crop, method, target, layer, **QUICKER.get(method, {}))

    return remembered(shown.face, shown.checkpoint, ("randomisation", method, layer, target), compute)


def _title(name: str, steps: Sequence[Step]) -> str:
    end = steps[-1]
    if end.lives:
        return f"{name}: the map lives on without the weights"
    return f"{name}: the map {'dies' if end.similarity < GONE else 'fades'} with the weights"


def _sentence(steps: Sequence[Step]) -> str:
    end = steps[-1].similarity
    alike = f"With no learned weight left it is {end:.2f} alike"
    if steps[-1].lives:
        found = "what it shows comes from the face and from how the network is built, not from what it learned"
    elif end < GONE:
        found = "what it shows was learned"
    else:
        found = "a part of what it shows comes from the face and from how the network is built"
    places = steps[0].values.size
    chance = f"maps of {places:,} places that have nothing to do with one another have about {0.8 / places**0.5:.2f}"
    return f"{alike}: {found}. 1 is the same map or its negative; {chance}."


def _pictures(shown: Shown, steps: Sequence[Step], chosen: int) -> str:
    frames = []
    step = next(step for step in steps if step.parts == chosen)
    for each, title in ((steps[0], "As trained"), (step, f"Random from: {step.part}")):
        scale = signed_scale([each.values], BLUE_CLEAR_RED)
        detail = f"likeness {each.similarity:.2f} · probability {answer.percent(each.score)}"
        frames.append(Frame(strips.map_picture(each.values, scale, f"{shown.title}, {title}"), title, detail))
    strip = strips.strip(frames, grey_face_uri(shown.face.crop), shown.opacity)
    return f'<div class="fs-pair">{strip}</div>'
