// A face over which a patch is laid by mouse, finger or keyboard. Places are percent of the face's sides, from its left
// upper corner; the patch never leaves the face.

const STEP = 6.25; // percent that an arrow key moves the patch: a place of the 16 x 16 beside it
const QUIET = 200; // milliseconds without another key before the page hears of the last one

export default function ({ data, parentElement, setTriggerValue }) {
  const frame = parentElement.querySelector(".frame");
  const [picture, filling] = frame.querySelectorAll("img");
  if (picture.getAttribute("src") !== data.picture) picture.src = data.picture;
  if (filling.getAttribute("src") !== data.filling) filling.src = data.filling;
  picture.alt = data.alt;
  picture.draggable = false;
  frame.setAttribute("aria-label", data.label);
  frame.size = data.size;
  // While the patch is moved the page may be drawn anew with a place that is history.
  if (!frame.moving) show(frame, data.place);

  const tell = (place) => {
    frame.moving = false;
    if (String(place) !== String(data.place)) setTriggerValue(place ? "place" : "nothing", place ?? true);
  };
  const move = (event) => {
    const { left, top, width, height } = picture.getBoundingClientRect();
    show(frame, [(100 * (event.x - left)) / width, (100 * (event.y - top)) / height]);
  };
  frame.onpointerdown = (event) => {
    if (event.button !== 0) return;
    // A finger that comes down beside the patch may be about to scroll: the patch comes when it is lifted.
    frame.tapped = event.pointerType === "touch" && !event.target.classList.contains("patch");
    if (frame.tapped) return;
    frame.moving = true;
    frame.setPointerCapture(event.pointerId);
    move(event);
  };
  frame.onpointermove = (event) => {
    if (frame.moving && frame.hasPointerCapture(event.pointerId)) move(event);
  };
  frame.onpointerup = (event) => {
    if (!frame.moving && !frame.tapped) return;
    frame.tapped = false;
    move(event);
    tell(frame.place);
  };
  frame.onpointercancel = () => {
    frame.moving = frame.tapped = false;
    show(frame, data.place);
  };
  frame.onkeydown = (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const away = ["Delete", "Backspace"].includes(event.key);
    if ((!way && !away) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const step = event.shiftKey ? 1 : STEP;
    const moved = way && (frame.place ? [frame.place[0] + step * way[0], frame.place[1] + step * way[1]] : [50, 50]);
    frame.moving = true;
    show(frame, moved || null);
    clearTimeout(frame.timer);
    frame.timer = setTimeout(() => tell(frame.place), QUIET);
  };
  return () => clearTimeout(frame.timer);
}

function show(frame, place) {
  const half = frame.size / 2;
  frame.place = place && place.map((value) => Math.round(Math.min(Math.max(value, half), 100 - half)));
  const patch = frame.querySelector(".patch");
  const filling = frame.querySelectorAll("img")[1];
  patch.hidden = filling.hidden = !place;
  if (!place) return;
  const [left, top] = frame.place.map((value) => value - half);
  const rest = [top, 100 - left - frame.size, 100 - top - frame.size, left];
  filling.style.clipPath = `inset(${rest.map((value) => `${value}%`).join(" ")})`;
  Object.assign(patch.style, { left: `${left}%`, top: `${top}%`, width: `${frame.size}%`, height: `${frame.size}%` });
}
