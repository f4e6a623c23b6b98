"""Strips of options that are pushed sideways until the chosen one is seen."""

import streamlit as st

_in_sight = st.components.v2.component(
    "ferscope_in_sight",
    html="<span></span>",
    js="""
export default function ({ data, parentElement }) {
  const option = document.querySelectorAll(`.st-key-${data.key} input`)[data.place]?.closest("label");
  if (!option || parentElement.shown === data.place) return;
  parentElement.shown = data.place;
  let strip = option;
  while (!["auto", "scroll"].includes(getComputedStyle(strip).overflowX)) {
    strip = strip.parentElement;
    if (!strip) return;
  }
  const place = option.getBoundingClientRect(), room = strip.getBoundingClientRect();
  strip.scrollLeft += Math.min(place.left - room.left, 0) || Math.max(place.right - room.right, 0);
}
""",
)


def keep_in_sight(key: str, place: int) -> None:
    """Push the strip of the radio widget ``key``, whenever another option is chosen, until that one is seen.

    ``place``: the option's, from 0. The page itself does not move.
    """
    with st.container(key=f"in_sight_of_{key}"):
        _in_sight(key=f"in_sight_{key}", data={"key": key, "place": place})
