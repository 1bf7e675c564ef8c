// The lines of a CSV text, and the rows of a chart: Vega's own parser would need eval.
const parsed = (csv) => csv.trim().split("\n").map((line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)]
  .map(([, field]) => field.startsWith('"') ? field.slice(1, -1).replaceAll('""', '"') : field));
const withRows = (chart) => {
  const whole = chart.layer ? { ...chart, layer: chart.layer.map(withRows) } : chart;
  const { values, format } = chart.data || {};
  if (!format) return whole;
  const [head, ...lines] = parsed(values);
  const value = (field, name) => field === "" ? null : format.parse[name] === "number" ? Number(field) : field;
  const rows = lines.map((line) => Object.fromEntries(head.map((name, place) => [name, value(line[place], name)])));
  return { ...whole, data: { values: rows } };
};

// Vega warns of a layer that has no row of the chosen problem, which is no fault.
const ERRORS = 1;

// Charts are drawn when they come near, in the colours of the theme, and again when the theme changes.
const drawn = new Map();

const draw = async (figure) => {
  const { name } = figure.dataset;
  const before = drawn.get(figure);
  const original = before ? before.original : await unpacked(figure.querySelector(".packed"));
  const specification = withRows(JSON.parse(coloured(JSON.stringify(original))));
  const chosen = (specification.params || []).filter((param) => param.bind?.input);
  for (const param of chosen) {
    const value = state.get(`${name}.${param.name}`);
    if (param.bind.options.includes(value)) param.value = value;
  }
  const controls = figure.querySelector(".controls");
  controls.replaceChildren();
  before?.view.finalize();
  const { view } = await vegaEmbed(figure.querySelector(".drawing"), specification, {
    mode: "vega-lite", actions: false, ast: true, bind: controls, tooltip: { theme: "custom" },
    renderer: specification.usermeta?.canvas ? "canvas" : "svg",
    logLevel: ERRORS,
  });
  for (const param of chosen) {
    const normal = original.params.find((each) => each.name === param.name).value;
    view.addSignalListener(param.name, (_, value) => { remember(`${name}.${param.name}`, value, normal); figure.querySelector(".ring")?.remove(); });
  }
  // The scroller around it carries the label, so that a reader hears it once.
  const drawing = figure.querySelector(".vega-embed");
  for (const element of drawing.querySelectorAll("svg, canvas")) element.setAttribute("aria-hidden", "true");
  for (const element of [drawing, ...drawing.querySelectorAll("[role]")]) {
    for (const attribute of ["role", "aria-label", "aria-roledescription"]) element.removeAttribute(attribute);
  }
  drawn.set(figure, { view, original });
  if (specification.usermeta?.panel && !before) follow(figure);
  figure.dataset.drawn = document.documentElement.dataset.theme;
};

// The marks of a chart, from left to right.
const marks = (figure) => {
  const found = [];
  const visit = (item) => {
    if (item.marktype === "symbol" && item.role === "mark") found.push(...item.items);
    else (item.items || []).forEach(visit);
  };
  visit(drawn.get(figure).view.scenegraph().root);
  return found.sort((a, b) => a.x - b.x || a.y - b.y);
};

// A finger covers more than a mark: the nearest one is meant, up to so many pixels away.
const NEAR = 16;
const pointed = (figure, event) => {
  const at = figure.querySelector(".drawing :is(svg, canvas)").getBoundingClientRect();
  const [left, top] = offset(drawn.get(figure).view);
  const away = ({ x, y }) => Math.hypot(event.clientX - at.left - left - x, event.clientY - at.top - top - y);
  const nearest = marks(figure).reduce((best, item) => best && away(best) <= away(item) ? best : item, null);
  if (nearest && away(nearest) <= NEAR) show(figure, nearest);
};

// Where the marks of a view have their origin, in pixels of its drawing.
const offset = (view) => [view.origin()[0] + view.padding().left, view.origin()[1] + view.padding().top];

// The panel follows the mouse, a tap and the arrow keys, which go from mark to mark.
const follow = (figure) => {
  const drawing = figure.querySelector(".drawing");
  drawing.addEventListener("pointermove", (event) => event.pointerType === "mouse" && pointed(figure, event));
  drawing.addEventListener("click", (event) => pointed(figure, event));
  figure.querySelector(".scroller").addEventListener("keydown", (event) => stepped(figure, event));
};

const stepped = (figure, event) => {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: 25, PageUp: -25 }[event.key];
  if (!step) return;
  event.preventDefault();
  const found = marks(figure);
  if (!found.length) return;
  const last = found.findIndex((item) => item.datum === drawn.get(figure).datum);
  show(figure, found[Math.max(0, Math.min(found.length - 1, last < 0 ? 0 : last + step))]);
};

const show = (figure, item) => {
  const shown = drawn.get(figure);
  if (shown.datum === item.datum) return;
  shown.datum = item.datum;
  const [left, top] = offset(shown.view);
  const ring = figure.querySelector(".ring") || figure.querySelector(".drawing").appendChild(make("div", { class: "ring" }));
  ring.style.left = `${item.x + left}px`;
  ring.style.top = `${item.y + top}px`;
  const { title, fields, percentiles, mathematics } = shown.original.usermeta.panel ? { ...shown.original.usermeta, ...shown.original.usermeta.panel } : {};
  const { datum } = item;
  const parts = [];
  const picture = network(String(datum[title]));
  if (picture) parts.push(picture);
  parts.push(make("h4", {}, String(datum[title])));
  if (mathematics) {
    const formula = make("div", { class: "formula", tabindex: "0", role: "region", "aria-label": "Formula" });
    formula.append(...new DOMParser().parseFromString(datum[mathematics], "text/html").body.childNodes);
    parts.push(formula);
  }
  const said = (value) => typeof value === "number" ? Number(value.toPrecision(5)).toLocaleString("en", { maximumSignificantDigits: 5 }) : String(value);
  parts.push(pairs(Object.entries(fields).map(([field, label]) => [label, said(datum[field])])));
  if (percentiles) parts.push(ranks(datum, marks(figure).map((each) => each.datum), percentiles));
  figure.querySelector(".panel").replaceChildren(...parts);
};

// How every proxy, and the accuracy, rank an architecture among those drawn.
const ranks = (datum, all, names) => {
  const share = (name) => {
    const known = all.map((each) => each[name]).filter(Number.isFinite);
    return Math.round(100 * known.filter((value) => value <= datum[name]).length / known.length);
  };
  const lines = ["accuracy", ...names].filter((name) => Number.isFinite(datum[name])).map((name) => {
    const bar = make("b");
    bar.style.width = `${share(name)}%`;
    return make("div", { class: "rank" }, make("span", {}, name), make("i", {}, bar), make("span", {}, String(share(name))));
  });
  return make("div", {}, make("h4", {}, "Percentile by accuracy and by each proxy"), ...lines);
};

// An element of a drawing.
const svg = (tag, attributes, content = "") => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = content;
  return element;
};
const frame = () => svg("svg", { class: "network", viewBox: "0 0 300 168", "aria-hidden": "true" });

// The network of an architecture's text: a cell like |op~0|+|op~0|op~1|, a chain like |op|op|, or vertices like op~0|op~01|output~2.
const network = (architecture) => {
  if (/^\|[^+]*~0\|\+/.test(architecture)) return cell(architecture);
  if (/^(\|\w+)+\|$/.test(architecture)) return vertices(architecture.slice(1, -1).split("|").map((op, number) => [op, [number]]));
  if (/(^|\|)output~\d+$/.test(architecture)) {
    return vertices(architecture.split("|").map((vertex) => vertex.split("~")).map(([op, from]) => [op, [...from].map(Number)]));
  }
  return null;
};

// Nodes joined by operations.
const cell = (architecture) => {
  const nodes = architecture.split("+").map((node) => [...node.matchAll(/([\w]+)~(\d+)/g)].map(([, op, from]) => [op, Number(from)]));
  const kinds = [...new Set(nodes.flat().map(([op]) => op))].sort();
  const at = (node) => [[24, 84], [150, 24], [150, 144], [276, 84]][node] || [24 + 60 * node, 84];
  const picture = frame();
  const labels = [];
  nodes.forEach((edges, number) => edges.filter(([op]) => op !== "none").forEach(([op, from]) => {
    const [[x1, y1], [x2, y2]] = [at(from), at(number + 1)];
    picture.append(svg("line", { x1, y1, x2, y2, style: `stroke: var(--series-${1 + kinds.indexOf(op) % 6})` }));
    const part = from === 0 && number === 2 ? 0.24 : 0.5;
    labels.push(svg("text", { x: x1 + part * (x2 - x1), y: y1 + part * (y2 - y1) + 4, "text-anchor": "middle" }, op.replace("nor_", "")));
  }));
  picture.append(...labels);
  [...Array(nodes.length + 1).keys()].forEach((node) => {
    const [cx, cy] = at(node);
    picture.append(svg("circle", { cx, cy, r: 10 }), svg("text", { x: cx, y: cy + 4, "text-anchor": "middle" }, String(node)));
  });
  return picture;
};

// Operations in a line, joined by arcs. Each has the numbers of the vertices that it reads, of which 0 is the input.
const vertices = (operations) => {
  const names = ["input", ...operations.map(([op]) => op)];
  const kinds = [...new Set(names)].sort();
  const x = (vertex) => 40 + (240 * vertex) / (names.length - 1);
  const y = 80;
  const picture = frame();
  operations.forEach(([, sources], number) => sources.forEach((from) => {
    const to = number + 1;
    picture.append(svg("path", { d: `M ${x(from)} ${y} Q ${(x(from) + x(to)) / 2} ${y - 26 * (to - from - 1)} ${x(to)} ${y}` }));
  }));
  names.forEach((name, vertex) => {
    const place = [x(vertex) + 4, y + 18];
    picture.append(svg("circle", { cx: x(vertex), cy: y, r: 8, style: `fill: var(--series-${1 + kinds.indexOf(name) % 6})` }));
    picture.append(svg("text", { x: place[0], y: place[1], "text-anchor": "end", transform: `rotate(-40 ${place})` }, name));
  });
  return picture;
};

const MOST_ROWS = 200;

for (const figure of document.querySelectorAll("figure.chart")) {
  const { name } = figure.dataset;
  if (!figure.querySelector(".packed")) continue;
  const original = async () => drawn.get(figure)?.original || unpacked(figure.querySelector(".packed"));
  figure.querySelector("[data-download=csv]").addEventListener("click", async () => download(`${name}.csv`, (await original()).data.values, "text/csv"));
  figure.querySelector("[data-download=svg]").addEventListener("click", async () => {
    if (!drawn.has(figure)) await draw(figure);
    const { view, original } = drawn.get(figure);
    if (original.usermeta?.canvas) download(`${name}.png`, await view.toImageURL("png", 2));
    else download(`${name}.svg`, await view.toSVG(), "image/svg+xml");
  });
  const details = figure.querySelector("details.data");
  details.addEventListener("toggle", async () => {
    const [head, ...rows] = parsed((await original()).data.values);
    const caption = rows.length > MOST_ROWS ? `The first ${MOST_ROWS} of ${rows.length} rows; the CSV has all.` : `${rows.length} rows`;
    details.querySelector(".wide").replaceChildren(make("table", {}, make("caption", {}, caption),
      make("thead", {}, make("tr", {}, ...head.map((each) => make("th", { scope: "col" }, each)))),
      make("tbody", {}, ...rows.slice(0, MOST_ROWS).map((row) => make("tr", {}, ...row.map((each) => make("td", {}, each)))))));
  });
}

const near = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    near.unobserve(target);
    draw(target);
  }
}, { rootMargin: "800px" });
const charts = [...document.querySelectorAll("figure.chart:has(.packed)")];
charts.forEach((figure) => near.observe(figure));
redrawn.addEventListener("theme", () => [...drawn.keys()].forEach(draw));

// A link to a place is followed once what stands above it has its height.
(async () => {
  if (place()[0]) {
    const target = document.getElementById(place()[0]);
    if (target) {
      const above = charts.filter((figure) => figure.compareDocumentPosition(target) & Node.DOCUMENT_POSITION_FOLLOWING || figure === target);
      await Promise.allSettled(above.map((figure) => { near.unobserve(figure); return draw(figure); }));
      target.scrollIntoView();
    }
  }
  document.documentElement.dataset.ready = "true";
})();
