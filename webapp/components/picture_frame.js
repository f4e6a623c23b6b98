// A picture, its faces as buttons, and a box drawn over it. All edges are percent of the picture: left, top, right, bottom.

const THRESHOLD = 4; // pixels; less is a click

export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame");
  const picture = frame.querySelector(".picture");
  const box = frame.querySelector(".box");
  if (picture.getAttribute("src") !== data.picture) picture.src = data.picture;
  picture.alt = data.alt;
  frame.style.setProperty("--aspect", data.aspect);
  picture.draggable = false;
  // A finger draws only where a box is asked for; elsewhere it scrolls the page.
  frame.classList.toggle("drawing", data.box !== null);
  // What is drawn at this moment is kept on the frame: the page may be drawn anew in the middle of it.
  if (!frame.drawn) place(box, data.box);
  drawFaces(frame.querySelector(".faces"), data, setTriggerValue);

  frame.onpointerdown = (event) => {
    if (event.button === 0 && (event.pointerType !== "touch" || data.box !== null)) frame.start = event;
  };
  frame.onpointermove = (event) => {
    const { start, drawn } = frame;
    if (!start || (!drawn && Math.hypot(event.x - start.x, event.y - start.y) < THRESHOLD)) return;
    frame.setPointerCapture(event.pointerId);
    frame.drawn = edges(start, event, picture.getBoundingClientRect());
    place(box, frame.drawn);
  };
  frame.onpointerup = () => {
    const [left, top, right, bottom] = frame.drawn ?? [0, 0, 0, 0];
    frame.start = frame.drawn = null;
    // A line is no box.
    if (left < right && top < bottom) setTriggerValue("box", [left, top, right, bottom]);
    else place(box, data.box);
  };
  frame.onpointercancel = () => {
    frame.start = frame.drawn = null;
    place(box, data.box);
  };
}

function drawFaces(holder, data, setTriggerValue) {
  const buttons = data.faces.map((face, index) => {
    const number = String(index + 1);
    const button = holder.children[index] ?? document.createElement("button");
    button.type = "button";
    const label = document.createElement("span");
    label.textContent = number;
    button.replaceChildren(label);
    button.setAttribute("aria-label", `Face ${number}`);
    button.setAttribute("aria-pressed", String(data.chosen === number));
    button.onclick = () => setTriggerValue("face", index + 1);
    place(button, face);
    return button;
  });
  holder.replaceChildren(...buttons);
}

function place(element, edges) {
  element.hidden = !edges;
  if (!edges) return;
  const [left, top, right, bottom] = edges;
  Object.assign(element.style, {
    left: `${left}%`,
    top: `${top}%`,
    width: `${right - left}%`,
    height: `${bottom - top}%`,
  });
}

function edges(a, b, frame) {
  const part = (value, from, length) => Math.min(Math.max(Math.round((100 * (value - from)) / length), 0), 100);
  const x = [part(a.x, frame.left, frame.width), part(b.x, frame.left, frame.width)].sort((p, q) => p - q);
  const y = [part(a.y, frame.top, frame.height), part(b.y, frame.top, frame.height)].sort((p, q) => p - q);
  return [x[0], y[0], x[1], y[1]];
}
