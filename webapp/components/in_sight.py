"""Strips of options that are pushed sideways until the chosen one is seen."""

import streamlit as st

_in_sight = st.components.v2.component(
    "ferscope_in_sight",
    html="<span></span>",
    js="""
export default function ({ data, parentElement }) {
  if (parentElement.shown === data.place) return;
  parentElement.shown = data.place;
  parentElement.watch?.disconnect();
  let watched = null;
  // What is drawn anew in the middle of a run may begin at its left end again: the option is watched until the visitor
  // takes over.
  const watch = (parentElement.watch = new IntersectionObserver(([entry]) => entry.intersectionRatio < 0.9 && show(), {
    threshold: 0.9,
  }));
  const patience = performance.now() + 10000;
  function show() {
    if (parentElement.shown !== data.place) return; // another was chosen meanwhile
    const option = document.querySelectorAll(`.st-key-${data.key} input`)[data.place]?.closest("label");
    const holder = option?.closest(`.st-key-${data.key}`);
    const scrolls = (element) => ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    let strip = option;
    while (strip !== holder && !scrolls(strip)) strip = strip.parentElement;
    if (strip === holder) {
      // Neither the options nor the style sheet need be there before this is.
      if (parentElement.isConnected && performance.now() < patience) requestAnimationFrame(show);
      return;
    }
    const place = option.getBoundingClientRect(), room = strip.getBoundingClientRect();
    strip.scrollLeft += Math.min(place.left - room.left, 0) || Math.max(place.right - room.right, 0);
    if (option === watched) return;
    watched = option;
    watch.disconnect();
    watch.observe(option);
    for (const touch of ["pointerdown", "wheel", "keydown"]) {
      strip.addEventListener(touch, () => watch.disconnect(), { once: true, passive: true });
    }
  }
  show();
}
""",
)


def keep_in_sight(key: str, place: int) -> None:
    """Push the strip of the radio widget ``key``, whenever another option is chosen, until that one is seen.

    ``place``: the option's, from 0. The page itself does not move.
    """
    with st.container(key=f"in_sight_of_{key}"):
        _in_sight(key=f"in_sight_{key}", data={"key": key, "place": place})
