// One of a matrix of buttons is pressed. Tab reaches that one alone, arrow keys move on from it, and a click, a tap,
// Enter or Space presses another. The server draws the matrix anew when it has heard of the choice.

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".fs-cells");
  const buttons = () => [...root.querySelectorAll("button")];
  const pressed = () => root.querySelector('[aria-pressed="true"]') ?? root.querySelector("button");
  const rowOf = (button) => button.closest("tr").sectionRowIndex;
  const columnOf = (button) => button.closest("td").cellIndex;
  const at = (row, column) => root.querySelector("tbody").rows[row]?.cells[column]?.querySelector("button");

  function reach(one) {
    for (const button of buttons()) button.tabIndex = button === one ? 0 : -1;
  }

  function tell(button) {
    const one = button ?? root.querySelector('[aria-pressed="true"]');
    root.querySelector(".fs-readout").textContent = one?.getAttribute("aria-label") ?? "";
  }

  if (root.drawn !== data.html) {
    const focused = document.activeElement?.closest(".fs-cells") === root ? document.activeElement : null;
    const place = focused && [rowOf(focused), columnOf(focused)];
    root.innerHTML = root.drawn = data.html;
    const again = place && at(...place);
    reach(again ?? pressed());
    again?.focus({ preventScroll: true });
    tell(again);
  }

  root.onclick = (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    for (const other of buttons()) other.setAttribute("aria-pressed", other === button);
    reach(button);
    setTriggerValue("cell", [button.dataset.row, button.dataset.column]);
  };

  root.onkeydown = (event) => {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const next = at(rowOf(event.target) + step[0], columnOf(event.target) + step[1]);
    if (!next) return;
    reach(next);
    next.focus();
  };

  root.onpointerover = (event) => tell(event.target.closest("button"));
  root.onpointerleave = () => tell();
  if (root.listens) return;
  root.listens = true; // these have no property to be set anew
  root.addEventListener("focusin", (event) => tell(event.target.closest("button")));
  root.addEventListener("focusout", (event) => {
    if (root.contains(event.relatedTarget)) return;
    reach(pressed());
    tell();
  });
}
