"""What every page has: its question as the heading, and answers that are announced when they change."""

import streamlit as st

_status = st.components.v2.component(
    "ferscope_status",
    html='<p class="status" role="status"></p>',
    css="""
.status {
  position: absolute; width: 1px; height: 1px; margin: -1px;
  overflow: hidden; clip-path: inset(50%); white-space: nowrap;
}
""",
    js="""
export default function ({ data, parentElement }) {
  const status = parentElement.querySelector(".status");
  if (status.textContent !== data.text) status.textContent = data.text;
}
""",
)


def page_heading(question: str) -> None:
    """The one question that a page answers."""
    with st.container(key="question"):
        st.title(question, anchor=False)


def announce(text: str, what: str = "headline") -> None:
    """Have screen readers say ``text`` whenever it is another one; once on a page for each ``what``.

    The element that says it stays where it is: of one that is drawn anew with its text many say nothing.
    """
    with st.container(key=f"{what}_status"):
        _status(key=what, data={"text": text})
