// Tables sort by a click on a heading, and filter by text and by verdict.
const text = (cell) => (cell ? cell.querySelector(".cell") || cell : { textContent: "" }).textContent.trim();
const number = (shown) => /^[+-]?[\d.]/.test(shown) ? parseFloat(shown.replaceAll(",", "")) : NaN;
const isBlank = (shown) => shown === "" || /^(missing|undefined|none)/.test(shown);
const compared = (one, other, down) => {
  if (isBlank(one) || isBlank(other)) return isBlank(one) - isBlank(other);
  const [a, b] = [number(one), number(other)];
  const order = Number.isNaN(a) || Number.isNaN(b) ? one.localeCompare(other, "en", { numeric: true }) : a - b;
  return down ? -order : order;
};

const sorted = (table, column, down) => {
  const body = table.tBodies[0];
  const keys = new Map([...body.rows].map((row) => [row, text(row.cells[column])]));
  body.append(...[...body.rows].sort((a, b) => compared(keys.get(a), keys.get(b), down)));
  [...table.tHead.rows[0].cells].forEach((cell, place) => {
    if (place === column) cell.setAttribute("aria-sort", down ? "descending" : "ascending"); else cell.removeAttribute("aria-sort");
  });
};

// A small table, whose section holds no CSV, gets its controls here, and as its CSV what it shows.
const equip = (section) => {
  const count = section.querySelectorAll("tbody tr").length;
  section.prepend(make("div", { class: "controls" },
    make("label", {}, "Filter rows", make("input", { type: "search", "data-filter": "" })),
    make("button", { type: "button", "data-download": "csv" }, "Download CSV"),
    make("p", { class: "count", role: "status" }, `${count} of ${count} rows`)));
};
const field = (cell) => {
  const copy = cell.cloneNode(true);
  copy.querySelectorAll("small").forEach((each) => each.prepend(" "));
  const shown = cell.querySelector("a")?.href || copy.textContent.trim();
  return /[",\n]/.test(shown) ? `"${shown.replaceAll('"', '""')}"` : shown;
};
const written = (table) => [...table.rows].map((row) => [...row.cells].map(field).join(",") + "\n").join("");

for (const section of document.querySelectorAll(".table")) {
  const { name } = section.dataset;
  if (!section.querySelector("[data-filter]")) equip(section);
  const table = section.querySelector("table");
  const [filter, verdict, count] = ["[data-filter]", "[data-verdict]", ".count"].map((each) => section.querySelector(each));
  const restrict = () => {
    const wanted = filter.value.toLowerCase();
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      const fits = row.textContent.toLowerCase().includes(wanted) &&
        (!verdict?.value || row.querySelector(`.${verdict.value}`));
      row.hidden = !fits;
      shown += Boolean(fits);
    }
    count.textContent = `${shown} of ${table.tBodies[0].rows.length} rows`;
  };
  const changed = () => {
    restrict();
    remember(`${name}.filter`, filter.value);
    if (verdict) remember(`${name}.verdict`, verdict.value);
  };
  [...table.tHead.rows[0].cells].forEach((cell, column) => cell.querySelector(".sort")?.addEventListener("click", () => {
    const down = cell.getAttribute("aria-sort") ? cell.getAttribute("aria-sort") === "ascending" : column > 0;
    sorted(table, column, down);
    remember(`${name}.sort`, `${column}${down ? "d" : "a"}`);
  }));
  const order = /^(\d+)([ad])$/.exec(state.get(`${name}.sort`) || "");
  if (order && table.tHead.rows[0].cells[order[1]]) sorted(table, Number(order[1]), order[2] === "d");
  filter.value = state.get(`${name}.filter`) || "";
  if (verdict) verdict.value = state.get(`${name}.verdict`) || "";
  if (filter.value || verdict?.value) restrict();
  filter.addEventListener("input", changed);
  verdict?.addEventListener("change", changed);
  const packed = section.querySelector(":scope > .packed");
  section.querySelector("[data-download=csv]").addEventListener("click", async () => {
    download(`${name}.csv`, packed ? (await unpacked(packed)).csv : written(table), "text/csv");
  });
  table.addEventListener("click", async (event) => {
    const cell = event.target.closest("button.cell");
    if (cell) explain(cell, (await unpacked(packed)).reasons[cell.dataset.reason]);
  });
}

// A tile of the overview shows the comparisons with its verdict.
for (const tile of document.querySelectorAll("[data-tile]")) {
  tile.addEventListener("click", () => {
    const section = document.getElementById("comparisons");
    const select = section.querySelector("[data-verdict]");
    select.value = tile.dataset.tile;
    select.dispatchEvent(new Event("change"));
    section.scrollIntoView();
    select.focus({ preventScroll: true });
  });
}

// Show why a value has its verdict, beside the cell; on a phone at the lower edge.
const pairs = (entries) => make("dl", {}, ...entries.filter(([, value]) => value).flatMap(
  ([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
const explain = (cell, reason) => {
  const popover = document.getElementById("reason");
  document.getElementById("reason-title").textContent = reason.title;
  const papers = reason.papers.flatMap((paper) => [
    make("h3", {}, `${paper.verdict}: paper, ${paper.kind}`),
    pairs([["paper's value", paper.value], ["tolerance", `± ${paper.tolerance}`], ["why so wide", paper.why], ["source", paper.source]]),
  ]);
  const notes = reason.notes.length ? [make("h3", {}, "Notes"), make("ul", {}, ...reason.notes.map((note) => make("li", {}, note)))] : [];
  const n = reason.n ? reason.n.toLocaleString("en") : "";
  popover.querySelector(".body").replaceChildren(
    pairs([["ours", reason.ours || "missing"], ["95 % interval", reason.interval], ["n", n], ["population", reason.population]]),
    ...papers, ...notes);
  popover.showPopover({ source: cell });
  if (innerWidth > 640) {
    const [at, size] = [cell.getBoundingClientRect(), popover.getBoundingClientRect()];
    popover.style.inset = "auto";
    popover.style.left = `${Math.max(8, Math.min(at.left, innerWidth - size.width - 16))}px`;
    popover.style.top = `${Math.max(8, Math.min(at.bottom + 8, innerHeight - size.height - 8))}px`;
  } else popover.removeAttribute("style");
  popover.scrollTop = 0;
  popover.querySelector(".head button").focus();
  popover.addEventListener("toggle", (event) => event.newState === "closed" && cell.focus(), { once: true });
};
