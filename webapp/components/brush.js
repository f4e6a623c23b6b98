// A gate is painted by hand: a pointer's stroke or the keyboard sets places to the brush's value, a tenth each.
// `data.painted` has a sign for every place: '0' to '9' and 'a' for 0 to 1, '.' where the gate stays as computed;
// `data.own` has the signs nearest to what was computed.

const SIGNS = "0123456789a";

export default function ({ data, parentElement, setTriggerValue }) {
  const board = parentElement.querySelector(".board");
  // A stroke goes on while the page is drawn anew under it.
  if (!board.last) board.painted = [...data.painted];
  draw(board, data);

  const send = () => setTriggerValue("painted", board.painted.join(""));
  const set = (place, sign) => {
    board.painted[place] = sign;
    show(board.querySelector(".cells").children[place], sign, data, data.own[place]);
  };

  board.onpointerdown = (event) => {
    if (event.button !== 0) return;
    board.setPointerCapture(event.pointerId);
    board.last = cellAt(event, board, data);
    set(placeOf(board.last, data), data.brush);
  };
  board.onpointermove = (event) => {
    if (!board.last) return;
    const here = cellAt(event, board, data);
    // A fast stroke skips places: all that lie between are painted as well.
    const steps = Math.max(Math.abs(here[0] - board.last[0]), Math.abs(here[1] - board.last[1]), 1);
    for (let step = 1; step <= steps; step += 1) {
      const between = [0, 1].map((axis) => Math.round(board.last[axis] + ((here[axis] - board.last[axis]) * step) / steps));
      set(placeOf(between, data), data.brush);
    }
    board.last = here;
  };
  board.onpointerup = board.onpointercancel = () => {
    if (!board.last) return;
    board.last = null;
    send();
  };

  board.onkeydown = (event) => {
    const cells = [...board.querySelector(".cells").children];
    const place = cells.indexOf(event.target);
    if (place < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -data.columns, ArrowDown: data.columns };
    const now = SIGNS.indexOf(board.painted[place] === "." ? data.own[place] : board.painted[place]);
    const painted = {
      "+": SIGNS[Math.min(now + 1, 10)],
      PageUp: SIGNS[Math.min(now + 1, 10)],
      "-": SIGNS[Math.max(now - 1, 0)],
      PageDown: SIGNS[Math.max(now - 1, 0)],
      " ": data.brush,
      Enter: data.brush,
      Delete: ".",
      Backspace: ".",
    }[event.key];
    if (event.key in steps) {
      const next = cells[place + steps[event.key]];
      const sideways = Math.abs(steps[event.key]) === 1 && data.columns > 1;
      const sameRow = Math.floor((place + steps[event.key]) / data.columns) === Math.floor(place / data.columns);
      event.preventDefault();
      if (!next || (sideways && !sameRow)) return;
      for (const cell of cells) cell.tabIndex = cell === next ? 0 : -1;
      next.focus();
    } else if (painted !== undefined) {
      event.preventDefault();
      set(place, painted);
      send();
    }
  };
}

function draw(board, data) {
  const cells = board.querySelector(".cells");
  board.style.setProperty("--face", `url(${data.face})`);
  board.style.setProperty("--map", `url(${data.map})`);
  board.style.setProperty("--rows", data.rows);
  board.style.setProperty("--columns", data.columns);
  board.setAttribute("aria-label", data.label);
  const count = data.rows * data.columns;
  if (cells.children.length !== count || board.columns !== data.columns) {
    board.columns = data.columns;
    cells.replaceChildren(...Array.from({ length: count }, (_, place) => newCell(place, data)));
  }
  board.painted.forEach((sign, place) => show(cells.children[place], sign, data, data.own[place]));
}

function newCell(place, data) {
  const cell = document.createElement("div");
  cell.tabIndex = place === 0 ? 0 : -1;
  cell.setAttribute("role", "slider");
  cell.setAttribute("aria-valuemin", 0);
  cell.setAttribute("aria-valuemax", 1);
  const row = Math.floor(place / data.columns) + 1;
  cell.setAttribute("aria-label", `Row ${row}, column ${(place % data.columns) + 1}`);
  return cell;
}

function show(cell, sign, data, own) {
  if (!cell) return;
  const value = SIGNS.indexOf(sign);
  cell.style.background = value < 0 ? "" : data.colours[value];
  cell.classList.toggle("painted", value >= 0);
  cell.setAttribute("aria-valuenow", (value < 0 ? SIGNS.indexOf(own) : value) / 10);
  cell.setAttribute("aria-valuetext", value < 0 ? `as computed, about ${SIGNS.indexOf(own) / 10}` : `painted ${value / 10}`);
}

function cellAt(event, board, data) {
  const frame = board.getBoundingClientRect();
  const part = (value, from, length, count) => Math.min(Math.max(Math.floor((count * (value - from)) / length), 0), count - 1);
  return [
    part(event.clientY, frame.top, frame.height, data.rows),
    part(event.clientX, frame.left, frame.width, data.columns),
  ];
}

function placeOf([row, column], data) {
  return row * data.columns + column;
}
