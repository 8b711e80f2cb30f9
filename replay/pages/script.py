"""The few lines that the pages run: they sort the table, count what the filter leaves, show one
moment in all joints, and turn pages by the arrow keys. Everything else works without."""

from typing import Final

SCRIPT: Final = """
"use strict";
const rows = [...document.querySelectorAll("#episodes tbody tr")];
const count = document.querySelector("#shown");
function recount() {
  const shown = rows.filter((row) => row.offsetParent !== null).length;
  count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
}
function sortBy(heading, column) {
  const up = heading.getAttribute("aria-sort") !== "ascending";
  const keys = new Map(rows.map((row) => [row, row.cells[column].dataset.key]));
  const numeric = heading.dataset.numeric !== undefined;
  const order = (a, b) => numeric ? keys.get(a) - keys.get(b)
    : keys.get(a).localeCompare(keys.get(b), undefined, { numeric: true });
  rows.sort((a, b) => up ? order(a, b) : order(b, a));
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
  document.querySelector("#episodes tbody").append(...rows);
}
document.querySelectorAll("#episodes th[data-sort]").forEach((heading) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = heading.textContent;
  button.addEventListener("click", () => sortBy(heading, heading.cellIndex));
  heading.replaceChildren(button);
});
if (count) {
  document.querySelectorAll(".filter input").forEach((one) => {
    one.addEventListener("change", recount);
  });
  recount();
}
const traces = document.querySelector("#traces");
function showMoment(drawings, at) {
  const { left, right, top, bottom, seconds } = traces.dataset;
  const inside = at !== null && at >= +left && at <= +right;
  const time = inside ? `${((at - left) / (right - left) * seconds).toFixed(2)} s` : "";
  for (const { cursor, label } of drawings) {
    cursor.setAttribute("d", inside ? `M${at} ${top}V${bottom}` : "");
    label.setAttribute("x", Math.min(at, right - 24));
    label.textContent = time;
  }
}
if (traces) {
  const make = (name, kind, svg) => {
    const made = document.createElementNS(traces.querySelector("svg").namespaceURI, name);
    made.setAttribute("class", kind);
    return svg.appendChild(made);
  };
  const drawings = [...traces.querySelectorAll("svg")].map((svg) => {
    const drawn = { svg, cursor: make("path", "cursor", svg), label: make("text", "strong", svg) };
    drawn.label.setAttribute("y", 6);
    return drawn;
  });
  for (const { svg } of drawings) {
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      showMoment(drawings, (event.clientX - box.left) * traces.dataset.width / box.width);
    });
    svg.addEventListener("pointerleave", () => showMoment(drawings, null));
  }
}
document.addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (event.target.closest("input, .scroll")) return;
  const rel = { ArrowLeft: "prev", ArrowRight: "next" }[event.key];
  const link = rel && document.querySelector(`a[rel=${rel}]`);
  if (link) link.click();
});
"""
