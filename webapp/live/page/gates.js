// Which gates are shown together.

/** Gates as they are shown: the two of a coordinate attention as one. */
export function shownGates(gates) {
  const shown = [];
  for (const gate of gates) {
    const last = shown.at(-1);
    if (gate.kind === "ca_w" && last?.[0].kind === "ca_h" && last[0].layer === gate.layer) last.push(gate);
    else shown.push([gate]);
  }
  return shown;
}
