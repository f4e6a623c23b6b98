// Small pictures as buttons. The server draws them anew when it has heard of a press; who came by keyboard stays there.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".fs-grid");
  if (root.drawn !== data.html) {
    const focused = document.activeElement?.closest(".fs-grid") === root ? document.activeElement.dataset.name : null;
    root.innerHTML = root.drawn = data.html;
    const again = focused && [...root.querySelectorAll("button")].find((button) => button.dataset.name === focused);
    again?.focus({ preventScroll: true });
  }
  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (button) setTriggerValue("pressed", button.dataset.name);
  };
}
