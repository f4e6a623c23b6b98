// Probabilities as bars: the steady value, and this very frame's as a thin line.

/** What was seen as a table whose cells are its own bars; empty ones where nothing was seen yet. */
export function drawBars(table, facts, network, seen = null, target = -1) {
  const body = table.tBodies[0];
  const labels = facts.order.filter((label) => network.labels.includes(label));
  if (body.dataset.labels !== labels.join()) {
    body.dataset.labels = labels.join();
    body.replaceChildren(...labels.map((label) => newBar(label, facts.colours[label] ?? facts.colours.neutral)));
  }
  labels.forEach((label, row) => {
    const index = network.labels.indexOf(label);
    const [steady, raw] = seen ? [seen.bars[index], seen.probabilities[index]] : [0, 0];
    const line = body.rows[row];
    line.classList.toggle("target", index === target);
    line.cells[1].firstChild.style.width = `${100 * steady}%`;
    line.cells[1].lastChild.style.left = `${100 * raw}%`;
    line.cells[2].textContent = seen ? percent(steady, 1) : "";
  });
}

function newBar(label, colour) {
  const line = document.createElement("tr");
  const head = document.createElement("th");
  Object.assign(head, { scope: "row", textContent: capital(label) });
  const bar = document.createElement("td");
  const [steady, raw] = [document.createElement("i"), document.createElement("b")];
  steady.style.background = colour;
  bar.append(steady, raw);
  line.append(head, bar, document.createElement("td"));
  return line;
}

export function percent(share, digits = 0) {
  return `${(100 * share).toFixed(digits)}\u202f%`;
}

export function capital(word) {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
