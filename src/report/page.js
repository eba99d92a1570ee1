/* page.js : draws the page from its one block of JSON (src/report/page_data.c says what is in it).
 *
 * Everything is drawn while the page loads: first, by this script, all that is text, cards and tables; then, by drawPlots(),
 * once plotly is there, the plots. Nothing waits for a promise, so a page that has loaded is complete, and can be printed.
 * Only the thumbnails come in between, when their one picture has been decoded; until then their boxes are empty.
 * Every text that came from outside is set as text (textContent), never as HTML; plotly reads a few HTML tags in its
 * texts, so what goes there passes plotlyText(). Nothing is asked from any network: the page's policy forbids it. */
"use strict";

const root = document.documentElement;
window.addEventListener("error", (event) => fail(event.message));
window.addEventListener("unhandledrejection", (event) => fail(String(event.reason))); /* of plotly */
function fail(message) {
  root.dataset.error = message;
  const fault = document.getElementById("fault");
  fault.textContent = "Something in this page went wrong: " + message;
  fault.hidden = false;
}

/* --- Small tools -------------------------------------------------------------------------------------------------- */

const $ = (id) => document.getElementById(id);

/* el("p.note", {title: "x"}, "text", child): an element with class, attributes and children; strings become text. */
function el(spec, attributes, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "style") Object.assign(node.style, value);
    else if (value !== undefined && value !== null && value !== false) node.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
  return node;
}

const whole = new Intl.NumberFormat("en-US");
const count = (n) => whole.format(n);
const plural = (n, word, many) => count(n) + " " + (n === 1 ? word : many || word + "s");
const percent = (share) => (share >= 0.9995 || share === 0 ? Math.round(share * 100) : (share * 100).toPrecision(share < 0.1 ? 2 : 3)) + " %";
const digits = (value, n) => (value === null || value === undefined ? "–" : Number(value.toPrecision(n)).toLocaleString("en-US", { maximumSignificantDigits: n }));
/* Scores and correlations: three decimals, no "-0.000". */
const score = (value) => (value === null ? "–" : (Math.round(value * 1000) / 1000 + 0).toFixed(3));
const plotlyText = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
const short = (text, n) => (text.length > n ? text.slice(0, n - 1) + "…" : text);

function bytesOf(base64) {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
const wordsOf = (base64) => new Uint32Array(bytesOf(base64).buffer);

/* A canvas of css pixels width x height, sharp on dense screens, with its context. */
function canvasOf(width, height, className) {
  const density = Math.min(window.devicePixelRatio || 1, 2);
  const canvas = el("canvas", { class: className, width: Math.round(width * density), height: Math.round(height * density), style: { width: width + "px", height: height + "px" } });
  const context = canvas.getContext("2d");
  context.scale(density, density);
  return [canvas, context];
}

/* --- Colours ------------------------------------------------------------------------------------------------------ */

/* Paul Tol's "muted" scheme and a dark grey, distinct for colour-blind readers; from the eleventh group on the same colours
 * come with another symbol. Groups beyond that are grey. */
const COLOURS = ["#44AA99", "#CC6677", "#332288", "#DDCC77", "#88CCEE", "#882255", "#117733", "#AA4499", "#999933", "#4d4d4d"];
const SYMBOLS = ["circle", "diamond", "square", "triangle-up"];
const OTHER = "#b3b8be";
const MOST_COLOURED = COLOURS.length * SYMBOLS.length;
const DIM_COLOURS = ["#4477AA", "#EE6677", "#228833", "#AA3377"];
const dimColour = (dim) => DIM_COLOURS[dim % DIM_COLOURS.length];
const colourOf = (group) => (group < MOST_COLOURED ? COLOURS[group % COLOURS.length] : OTHER);
const symbolOf = (group) => (group < MOST_COLOURED ? SYMBOLS[Math.floor(group / COLOURS.length)] : "circle");
const CIVIDIS = [[0, "#00224e"], [0.125, "#123570"], [0.25, "#3b496c"], [0.375, "#575d6d"], [0.5, "#707173"], [0.625, "#8a8678"], [0.75, "#a59c74"], [0.875, "#c3b369"], [1, "#fee838"]];
const BLUES = [[0, "#e3edf6"], [0.25, "#b3cfe6"], [0.5, "#6aa3cf"], [0.75, "#2a6fac"], [1, "#0b2e5c"]];

function symbolSvg(group, size = 11) {
  const shapes = { circle: "M5.5 .8a4.7 4.7 0 1 1 0 9.4a4.7 4.7 0 1 1 0-9.4Z", diamond: "M5.5 0L11 5.5L5.5 11L0 5.5Z", square: "M1 1H10V10H1Z", "triangle-up": "M5.5 .5L11 10.2H0Z" };
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("width", size);
  svg.setAttribute("height", size);
  svg.setAttribute("viewBox", "0 0 11 11");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shapes[symbolOf(group)]);
  path.setAttribute("fill", colourOf(group));
  svg.append(path);
  return svg;
}

/* --- The data ----------------------------------------------------------------------------------------------------- */

const data = JSON.parse($("data").textContent);
const { clusters, labels, codes, pictures, diagrams, values, agreement, elbow, examples, logs } = data;
const meta = data.meta || {};
const n = data.n_items;
const rowOf = (item) => (data.rows ? data.rows[item] : item);
const nameOf = (item) => (data.names ? data.names.prefix + data.names.of[item] : "");

/* name: what a group is called in a text; bare: beside the word itself. */
const CLUSTER = { groups: clusters, word: "Cluster", name: (g) => "Cluster " + clusters.values[g], bare: (g) => String(clusters.values[g]) };
const LABEL = { groups: labels, word: "Label", name: (g) => (/[^0-9]/.test(labels.names[g] || "") ? labels.names[g] : labels.values[g] < 0 ? "no label" : "Label " + LABEL.bare(g)), bare: (g) => labels.names[g] || (labels.values[g] < 0 ? "none" : String(labels.values[g])) };

/* What measured distances are called on axes and in texts. */
const EXACT = (() => {
  const m = meta.exact || {};
  if (m.metric !== "wasserstein") return m.metric ? m.metric + " distance" : "exact distance";
  return "exact W" + (m.order && m.order !== 1 ? m.order : "₁");
})();
const EXACT_AXIS = EXACT + (meta.exact && meta.exact.ground ? " (" + meta.exact.ground + " ground metric, units of the data)" : " (units of the data)");

let codeBytes = null; /* (n, n_bytes) */
let sheet = null; /* image with all thumbnails */
const pictureOf = new Map(); /* item -> number of its thumbnail */
const points = {}; /* first[], births, deaths, dims */

const waiting = []; /* what is to be drawn when the sheet is there */

function readSheet() {
  for (let i = 0; i < (pictures.items || { length: n }).length; i++) pictureOf.set(pictures.items ? pictures.items[i] : i, i);
  sheet = new Image();
  sheet.onload = () => waiting.splice(0).forEach((draw) => draw());
  sheet.onerror = () => fail("the thumbnails cannot be read");
  sheet.src = "data:image/png;base64," + pictures.png;
}

function readBlocks() {
  if (codes && codes.bytes) codeBytes = bytesOf(codes.bytes);
  if (pictures) readSheet();
  if (!diagrams) return;
  const nRuns = bytesOf(diagrams.n_runs), runs = wordsOf(diagrams.runs); /* a run: dimension << 24 | points */
  points.births = bytesOf(diagrams.births);
  points.deaths = bytesOf(diagrams.deaths);
  points.dims = new Uint8Array(points.births.length);
  points.first = new Uint32Array(nRuns.length + 1);
  let run = 0, end = 0;
  nRuns.forEach((own, item) => {
    for (const last = run + own; run < last; run++) points.dims.fill(runs[run] >>> 24, end, (end += runs[run] & 0xffffff));
    points.first[item + 1] = end;
  });
  points.hasInfinite = points.deaths.includes(255);
  points.allDims = [...new Set(points.dims)].sort((a, b) => a - b);
}

/* --- Pictures of one item ----------------------------------------------------------------------------------------- */

/* The item's image in a box of side x side, or null if the page has none. */
function imageOf(item, side) {
  const i = pictureOf.get(item);
  if (i === undefined) return null;
  const [cellWidth, cellHeight] = pictures.cell;
  const width = pictures.sides ? pictures.sides[2 * i] : cellWidth, height = pictures.sides ? pictures.sides[2 * i + 1] : cellHeight;
  const scale = side / Math.max(width, height);
  const [canvas, context] = canvasOf(Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale)), "image");
  context.imageSmoothingEnabled = scale < 2 || Math.max(...pictures.greatest_shape) > Math.max(width, height);
  context.imageSmoothingQuality = "high";
  const draw = () => context.drawImage(sheet, (i % pictures.n_columns) * cellWidth, Math.floor(i / pictures.n_columns) * cellHeight, width, height, 0, 0, width * scale, height * scale);
  if (sheet.complete) draw();
  else waiting.push(draw);
  return canvas;
}

/* An end of the diagrams' axes, to a hundredth of their length; short, whatever the unit. */
function endOfAxis(value) {
  const step = 10 ** (Math.floor(Math.log10(diagrams.hi - diagrams.lo)) - 2);
  const rounded = isFinite(1 / step) ? Math.round(value / step) * step : value;
  const size = Math.abs(rounded);
  return size > 0 && (size < 0.001 || size >= 1e5) ? rounded.toExponential(2) : digits(rounded + 0, 4);
}

/* The item's persistence diagram, its square of the given side, with axes when they can be read; null if the page has
 * none. */
function diagramCanvas(item, side) {
  if (!diagrams) return null;
  const isLarge = side >= 120;
  const lo = endOfAxis(diagrams.lo), hi = endOfAxis(diagrams.hi);
  const left = isLarge ? 16 + 6.4 * Math.max(lo.length, hi.length, 3) : 1, bottom = isLarge ? 18 : 1, top = 1, right = isLarge ? 4 : 1;
  const roof = points.hasInfinite ? (isLarge ? 12 : 5) : 0; /* a strip above the square for infinite deaths */
  const inner = isLarge ? side : side - 2, floor = top + roof + inner;
  const [canvas, context] = canvasOf(left + inner + right, floor + bottom, "diagram");
  const begin = points.first[item], end = points.first[item + 1];
  const x = (step) => left + (step / 254) * inner, y = (step) => floor - (step / 254) * inner;
  context.fillStyle = "#fff";
  context.fillRect(left, top + roof, inner, inner);
  context.lineWidth = 1;
  context.strokeStyle = "#dfe3e7";
  context.strokeRect(left - 0.5, top + roof - 0.5, inner + 1, inner + 1);
  context.beginPath();
  context.moveTo(x(0), y(0));
  context.lineTo(x(254), y(254));
  context.strokeStyle = "#b9c0c8";
  context.stroke();
  if (points.hasInfinite) {
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(left, top + roof / 3);
    context.lineTo(left + inner, top + roof / 3);
    context.stroke();
    context.setLineDash([]);
  }
  const radius = isLarge ? 2.3 : 1.25;
  for (let k = begin; k < end; k++) {
    const isInfinite = points.deaths[k] === 255;
    context.globalAlpha = isLarge ? 0.72 : 0.8;
    context.fillStyle = dimColour(points.dims[k]);
    context.beginPath();
    context.arc(x(points.births[k]), isInfinite ? top + roof / 3 : y(points.deaths[k]), radius, 0, 6.2832);
    context.fill();
  }
  context.globalAlpha = 1;
  if (!isLarge) return canvas;
  context.fillStyle = "#5b6470";
  context.font = "10.5px " + getComputedStyle(document.body).fontFamily;
  context.textAlign = "left";
  context.fillText(lo, left, floor + 12);
  context.textAlign = "right";
  context.fillText(hi, left + inner, floor + 12);
  context.fillText(lo, left - 4, floor);
  context.fillText(hi, left - 4, top + roof + 8);
  if (points.hasInfinite) context.fillText("∞", left - 4, top + roof / 3 + 4);
  context.textAlign = "center";
  context.fillText("birth", left + inner / 2, floor + 13);
  context.translate(9, top + roof + inner / 2);
  context.rotate(-Math.PI / 2);
  context.fillText("death", 0, 0);
  return canvas;
}

/* Image above diagram, small; whatever of them there is. */
function facesOf(item, side) {
  const faces = [];
  if (pictures) faces.push(imageOf(item, side) || el("div.missing", { style: { width: side + "px", height: side + "px" } }, "no picture kept"));
  if (diagrams) faces.push(diagramCanvas(item, side));
  if (!faces.length && codeBytes) faces.push(codeCanvas(item, side));
  return faces;
}

/* The code as a square of bits, dark where set, first bit at the upper left. */
function codeCanvas(item, side) {
  if (!codeBytes) return null;
  const columns = codes.n_bits <= 64 ? 8 : codes.n_bits <= 256 ? 16 : 32;
  const lines = Math.ceil(codes.n_bits / columns), cell = Math.max(1, Math.floor(side / columns));
  const [canvas, context] = canvasOf(columns * cell, lines * cell, "code");
  for (let bit = 0; bit < codes.n_bits; bit++) {
    const isSet = (codeBytes[item * codes.n_bytes + (bit >> 3)] >> (bit & 7)) & 1;
    context.fillStyle = isSet ? "#1b5a8c" : "#e8ecf0";
    context.fillRect((bit % columns) * cell, Math.floor(bit / columns) * cell, cell - (cell > 3 ? 1 : 0), cell - (cell > 3 ? 1 : 0));
  }
  return canvas;
}

const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replace(/0/g, "").length);

/* The nearest items by code, least item first among equals: [{item, distance}]. */
function nearest(item, wanted) {
  const found = [];
  const width = codes.n_bytes, own = item * width;
  for (let other = 0, at = 0; other < n; other++, at += width) {
    if (other === item) continue;
    let distance = 0;
    for (let b = 0; b < width; b++) distance += ONES[codeBytes[own + b] ^ codeBytes[at + b]];
    if (found.length === wanted && distance >= found[wanted - 1].distance) continue;
    let place = found.length;
    while (place > 0 && found[place - 1].distance > distance) place--;
    found.splice(place, 0, { item: other, distance });
    if (found.length > wanted) found.pop();
  }
  return found;
}

/* --- The panel of one item ---------------------------------------------------------------------------------------- */

const NEAREST = 12;
const state = { item: -1, isPinned: false, near: [] };

function show(item, pin) {
  if (pin !== undefined) state.isPinned = pin;
  state.item = item;
  state.near = codeBytes ? nearest(item, Math.min(NEAREST, n - 1)) : [];
  const panel = $("item");
  const facts = el("dl");
  const fact = (term, ...description) => facts.append(el("dt", {}, term), el("dd", {}, ...description));
  const swatch = (kind, group) => el("span.swatch", {}, symbolSvg(group), kind.bare(group));
  if (clusters) fact("Cluster", el("span.swatch", {}, symbolSvg(clusters.of[item]), String(clusters.values[clusters.of[item]])), " · " + plural(clusters.sizes[clusters.of[item]], "item"));
  if (labels) fact("Label", clusters ? LABEL.bare(labels.of[item]) : swatch(LABEL, labels.of[item]));
  if (values) {
    fact("Points", count(values.n_points[item]));
    fact("Total persistence", digits(values.persistence[item], 4));
  }
  const image = imageOf(item, 140), diagram = diagramCanvas(item, 140), code = codeCanvas(item, 96);
  const faces = [];
  if (image) faces.push(el("figure", {}, image));
  else if (pictures) faces.push(el("div.missing", { style: { width: "140px", height: "140px" } }, "no picture kept for this item: the page has " + plural(pictureOf.size, "picture")));
  if (diagram) faces.push(el("figure", {}, diagram, el("figcaption", {}, dimsKey(), isCut(item) ? el("div", {}, "the " + count(diagrams.n_most) + " most persistent points") : null)));
  const isNamed = nameOf(item) !== "";
  panel.replaceChildren(
    el("div.bar", {}, el("h2", {}, "Item " + count(rowOf(item))),
      el("button.pin", { type: "button", "aria-pressed": String(state.isPinned), title: "Click a point to pin it, Escape to let go", onclick: () => show(item, !state.isPinned) }, state.isPinned ? "pinned" : "pin")),
    ...(isNamed ? [el("div.name", {}, nameOf(item))] : []),
    el("div.about", {}, el("div.faces", {}, faces),
      el("div.facts", {}, facts.children.length ? facts : null, ...(code ? [el("figure", {}, code, el("figcaption", {}, codes.n_bits + "-bit code"))] : []))),
    ...(state.near.length ? [el("div", {}, el("h3", {}, "Nearest by code"), el("div.near-strip", {}, state.near.map(nearTile)))] : []),
    el("input.find", { type: "search", placeholder: "Find an item by number" + (data.names ? " or name" : "") + " …", "aria-label": "Find an item", onkeydown: findItem }));
  panel.dataset.item = rowOf(item);
  placeRings();
}

function nearTile(near) {
  return el("button.tile", { type: "button", title: nameOf(near.item) || "item " + rowOf(near.item), onclick: () => show(near.item, true) }, facesOf(near.item, 48), el("div", {}, plural(near.distance, "bit")));
}

const isCut = (item) => diagrams.n_most > 0 && points.first[item + 1] - points.first[item] === diagrams.n_most && values.n_points[item] > diagrams.n_most;

function dimsKey() {
  return el("span.dims", {}, points.allDims.map((dim) => el("span", {}, el("i.dot", { style: { background: dimColour(dim) } }), "H" + dim)));
}

function findItem(event) {
  if (event.key !== "Enter") return;
  const wanted = event.target.value.trim();
  if (!wanted) return;
  let item = -1;
  if (/^[0-9,]+$/.test(wanted)) {
    const row = Number(wanted.replace(/,/g, ""));
    item = data.rows ? data.rows.indexOf(row) : row < n ? row : -1;
  }
  for (let i = 0; item < 0 && data.names && i < n; i++) if (nameOf(i).includes(wanted)) item = i;
  if (item >= 0) show(item, true);
  else event.target.value = "";
  const box = document.querySelector(".find");
  if (item < 0) box.placeholder = "Nothing found for “" + short(wanted, 24) + "”";
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && state.isPinned) show(state.item, false);
});

/* Called from cards and pairs further down the page: the panel is at its top. */
function visit(item) {
  show(item, true);
  $("item").scrollIntoView({ behavior: "smooth", block: "nearest" });
}

/* --- Head --------------------------------------------------------------------------------------------------------- */

function drawHead() {
  const parts = [];
  if (data.date) parts.push(data.date);
  parts.push(data.tool);
  $("subtitle").textContent = parts.join(" · ");
  const stages = $("stages");
  const stage = (figure, name, more) => stages.append(el("li", {}, el("div.figure", {}, figure, el("span.name", {}, name)), el("div.more", {}, more || "")));
  if (pictures) {
    const [low, high] = [pictures.least_shape, pictures.greatest_shape];
    const size = (shape) => shape[1] + " × " + shape[0];
    stage(count(data.n_rows), "images", (low.join() === high.join() ? size(low) : size(low) + " to " + size(high)) + " pixels");
  }
  if (diagrams) stage(count(data.n_rows), data.n_rows === 1 ? "diagram" : "diagrams", digits(diagrams.n_points_all / data.n_rows, 3) + " points on average" + (points.allDims.length ? " · " + points.allDims.map((dim) => "H" + dim).join(" ") : ""));
  if (codes) stage(codes.n_bits + "-bit", data.n_rows === 1 ? "code" : "codes", count(codes.n_distinct) + " different of " + count(data.n_rows));
  if (clusters) stage(count(clusters.sizes.length), clusters.sizes.length === 1 ? "cluster" : "clusters", "largest " + percent(clusters.sizes[0] / data.n_rows) + (data.scores ? " · ARI to labels " + score(data.scores.ari) : ""));
  if (!n && logs) {
    stage(count(logs.length), logs.length === 1 ? "training" : "trainings", plural(logs.reduce((sum, log) => sum + log.n_epochs, 0), "epoch"));
    if (logs.length === 1) stage(score(lastOf(logs[0], "spearman")), "Spearman", "on diagrams held out, at the end");
  }
  if (agreement && agreement.spearman !== null) stage(score(agreement.spearman), "Spearman", "code against " + EXACT + ", " + plural(agreement.n_sample, "item"));
}

/* --- Plots -------------------------------------------------------------------------------------------------------- */

const FONT = { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: "#454c55" };
const CONFIG = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "hoverClosestCartesian", "hoverCompareCartesian", "toggleSpikelines"] };
const axis = (title, more) => Object.assign({ title: { text: title, standoff: 8 }, gridcolor: "#edeff1", zeroline: false, linecolor: "#ccd1d6", showline: true, ticks: "outside", tickcolor: "#ccd1d6", ticklen: 4, automargin: true }, more);
const layoutOf = (x, y, more) => Object.assign({ font: FONT, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "#fff", margin: { l: 56, r: 12, t: 8, b: 48 }, xaxis: x, yaxis: y, showlegend: false, modebar: { bgcolor: "rgba(255,255,255,0.85)", color: "#a3abb4", activecolor: "#1b5a8c" }, hoverlabel: { font: { family: FONT.family, size: 12.5 }, bgcolor: "#fff", bordercolor: "#ccd1d6" } }, more);

let hidden = new Set(); /* groups switched off in the legend */
let colourBy = null;

const COLOURINGS = [
  clusters && { word: "Cluster", kind: CLUSTER },
  labels && { word: "Label", kind: LABEL },
  values && { word: "Total persistence", of: values.persistence },
  values && { word: "Number of points", of: values.n_points },
].filter(Boolean);

function hasWebGl() {
  try { return !!document.createElement("canvas").getContext("webgl"); } catch (_) { return false; }
}
const MAP_TYPE = n > 15000 && hasWebGl() ? "scattergl" : "scatter"; /* SVG is sharper and needs no graphics card */
const MARKER_SIZE = n <= 60 ? 11 : n <= 400 ? 9 : n <= 2000 ? 7 : n <= 6000 ? 5.5 : 4.5;
const MARKER_OPACITY = n <= 400 ? 0.9 : n <= 2000 ? 0.8 : 0.65;

function mapTrace(items, marker) {
  return { type: MAP_TYPE, mode: "markers", x: items.map((i) => data.map.x[i]), y: items.map((i) => data.map.y[i]), customdata: items, hoverinfo: "none", marker };
}

/* Items in a scattered order, so that no group as a whole lies above another. */
const SCATTERED = Array.from({ length: n }, (_, i) => i).sort((a, b) => (Math.imul(a, 2654435761) >>> 0) - (Math.imul(b, 2654435761) >>> 0));

function mapTraces() {
  if (!colourBy) return [mapTrace(SCATTERED, { size: MARKER_SIZE, color: COLOURS[0], opacity: MARKER_OPACITY })];
  if (colourBy.of) return [mapTrace(SCATTERED, { size: MARKER_SIZE, color: SCATTERED.map((i) => colourBy.of[i]), colorscale: CIVIDIS, opacity: MARKER_OPACITY, showscale: true, colorbar: { title: { text: colourBy.word, side: "right" }, thickness: 12, outlinewidth: 0, len: 0.7 } })];
  const groups = colourBy.kind.groups;
  const isRare = (group) => groups.sizes.length > 1 && groups.sizes[group] <= Math.max(3, data.n_rows / 200); /* drawn larger, and above the others */
  const shown = SCATTERED.filter((i) => !hidden.has(Math.min(groups.of[i], MOST_COLOURED)));
  const trace = (items, marker) => mapTrace(items, Object.assign({ color: items.map((i) => colourOf(groups.of[i])), symbol: items.map((i) => symbolOf(groups.of[i])) }, marker));
  return [trace(shown.filter((i) => !isRare(groups.of[i])), { size: MARKER_SIZE, opacity: MARKER_OPACITY, line: { width: n <= 400 ? 1 : 0, color: "#fff" } }),
    trace(shown.filter((i) => isRare(groups.of[i])), { size: MARKER_SIZE + 4, opacity: 1, line: { width: 1, color: "#fff" } })];
}

function drawLegend() {
  const legend = $("legend");
  legend.replaceChildren();
  if (!colourBy || colourBy.of) return;
  const groups = colourBy.kind.groups;
  groups.sizes.slice(0, MOST_COLOURED + 1).forEach((size, g) => {
    const isRest = g === MOST_COLOURED;
    const rest = isRest ? groups.sizes.slice(g) : null;
    const text = isRest ? plural(rest.length, "smaller one") : colourBy.kind.name(g);
    legend.append(el("button.chip", { type: "button", "aria-pressed": String(!hidden.has(g)), title: text + ": show or hide", onclick: () => toggle(g) },
      symbolSvg(g), el("span.text", {}, text), el("span.count", {}, count(isRest ? rest.reduce((a, b) => a + b, 0) : size))));
  });
}

function toggle(group) {
  if (hidden.has(group)) hidden.delete(group);
  else hidden.add(group);
  drawLegend();
  drawMapPlot();
}

function drawColourSwitch() {
  const bar = $("colour-by");
  bar.replaceChildren(...(COLOURINGS.length > 1 ? COLOURINGS : []).map((colouring) =>
    el("button", { type: "button", "aria-pressed": String(colouring === colourBy), onclick: () => { colourBy = colouring; hidden = new Set(); drawColourSwitch(); drawLegend(); drawMapPlot(); } }, colouring.word)));
  bar.hidden = COLOURINGS.length < 2;
}

function mapAxisTitle(number) {
  if (data.map.source === "given") return "Axis " + number;
  return "MDS axis " + number + (data.map.source === "codes" ? " (bits)" : "");
}

function drawMapPlot() {
  const layout = layoutOf(axis(mapAxisTitle(1)), axis(mapAxisTitle(2), { scaleanchor: "x" }), { hovermode: "closest", dragmode: "pan", uirevision: "map", hoverdistance: 14 });
  return Plotly.react("map-plot", mapTraces(), layout, Object.assign({ scrollZoom: true }, CONFIG));
}

function drawMap() {
  const made = { codes: "Classical multidimensional scaling of the Hamming distances", exact: "Classical multidimensional scaling of the exact distances", given: "Coordinates as given" }[data.map.source];
  $("map-note").textContent = made + (data.map.explained !== null ? "; the two axes hold " + percent(data.map.explained) + " of the spread" : "") + (data.n_items < data.n_rows ? "; " + count(n) + " of " + count(data.n_rows) + " items are shown" : "") + ". Point at an item to see it, click to pin it, scroll to zoom.";
  drawMapPlot();
  const plot = $("map-plot");
  let waiting = -1;
  plot.on("plotly_hover", (event) => {
    if (state.isPinned) return;
    if (waiting < 0) requestAnimationFrame(() => { if (!state.isPinned) show(waiting); waiting = -1; });
    waiting = event.points[0].customdata;
  });
  plot.on("plotly_click", (event) => show(event.points[0].customdata, !(state.isPinned && state.item === event.points[0].customdata)));
  plot.on("plotly_afterplot", placeRings);
  plot.on("plotly_relayouting", placeRings);
  placeRings();
}

/* Rings around the shown item and its nearest, above the plot. */
function placeRings() {
  const plot = $("map-plot");
  plot.querySelectorAll(".ring").forEach((ring) => ring.remove());
  if (!plot._fullLayout || state.item < 0) return;
  const { xaxis, yaxis } = plot._fullLayout;
  const place = (item, className) => {
    const x = xaxis.l2p(data.map.x[item]), y = yaxis.l2p(data.map.y[item]);
    if (x < 0 || y < 0 || x > xaxis._length || y > yaxis._length) return;
    plot.append(el("div." + className, { style: { left: xaxis._offset + x + "px", top: yaxis._offset + y + "px" } }));
  };
  state.near.slice(0, 6).forEach((near) => place(near.item, "ring.near"));
  place(state.item, "ring");
}

/* --- Agreement ---------------------------------------------------------------------------------------------------- */

function drawAgreementPlot() {
  const x = axis(plotlyText(EXACT_AXIS), { rangemode: "tozero" }), y = axis("Hamming distance (bits)", { rangemode: "tozero" });
  if (agreement.exact) {
    const size = agreement.exact.length > 500 ? 4 : 7;
    const trace = { type: "scatter", mode: "markers", x: agreement.exact, y: agreement.code, marker: { size, color: "#2a6fac", opacity: 0.45 }, hovertemplate: plotlyText(EXACT) + " %{x}<br>Hamming %{y} bits<extra></extra>" };
    return Plotly.newPlot("agreement-plot", [trace], layoutOf(x, y, { hovermode: "closest" }), CONFIG);
  }
  const counts = wordsOf(agreement.counts);
  const { n_x, n_y, code_step, exact_max } = agreement;
  const centre = (i) => ((i + 0.5) * exact_max) / n_x, level = (j) => j * code_step + (code_step - 1) / 2;
  const xs = Array.from({ length: n_x }, (_, i) => centre(i)), ys = Array.from({ length: n_y }, (_, j) => level(j));
  const z = ys.map((_, j) => xs.map((_, i) => { const c = counts[j * n_x + i]; return c ? Math.log10(c) : null; }));
  const text = ys.map((_, j) => xs.map((_, i) => count(counts[j * n_x + i])));
  const largest = Math.max(...counts.reduce((most, c) => (c > most[0] ? [c] : most), [1]));
  const ticks = Array.from({ length: Math.floor(Math.log10(largest)) + 1 }, (_, e) => e);
  const heat = { type: "heatmap", x: xs, y: ys, z, text, colorscale: BLUES, zmin: 0, zmax: Math.max(1, Math.log10(largest)), hoverongaps: false, hovertemplate: "%{text} pairs<br>" + plotlyText(EXACT) + " ≈ %{x:.4g}<br>Hamming ≈ %{y} bits<extra></extra>", colorbar: { title: { text: "pairs", side: "right" }, tickvals: ticks, ticktext: ticks.map((e) => count(10 ** e)), thickness: 12, outlinewidth: 0, len: 0.8 } };
  const median = { type: "scatter", mode: "lines", x: [], y: [], line: { color: "#d55e00", width: 2, shape: "spline", smoothing: 0.5 }, hoverinfo: "skip" };
  for (let i = 0; i < n_x; i++) {
    let total = 0;
    for (let j = 0; j < n_y; j++) total += counts[j * n_x + i];
    if (total < Math.max(8, agreement.n_used / 1000)) continue; /* too few for a median to mean much */
    let below = 0, j = 0;
    while (below + counts[j * n_x + i] < total / 2) below += counts[j++ * n_x + i];
    median.x.push(centre(i));
    median.y.push(level(j) + ((total / 2 - below) / counts[j * n_x + i] - 0.5) * code_step);
  }
  return Plotly.newPlot("agreement-plot", [heat, median], layoutOf(x, y), CONFIG);
}

function drawAgreementText() {
  const pairs = agreement.n_used + agreement.n_infinite < agreement.n_pairs ? count(agreement.n_used) + " random pairs of " + count(agreement.n_pairs) : plural(agreement.n_used, "pair");
  $("agreement-note").textContent = "Each pair of a sample of " + plural(agreement.n_sample, "item") + ": " + pairs + (agreement.n_infinite ? "; " + count(agreement.n_infinite) + " with infinite distance are left out" : "") + "." + (agreement.exact ? "" : " The line is the median.");
  const figure = (value, name, what) => el("div", {}, el("div.figure", {}, score(value)), el("div", {}, name), el("div.what", {}, what));
  $("agreement-figures").replaceChildren(el("div.figures", {},
    figure(agreement.spearman, "Spearman", "correlation of ranks: 1 if codes put all pairs in the order of their exact distances"),
    figure(agreement.pearson, "Pearson", "correlation of values: 1 if Hamming distance is proportional to exact distance, up to an offset")));
}

function drawExtremes() {
  const column = (title, what, pairs) => pairs.length === 0 ? null : el("div", {}, el("h3", {}, title), el("p.note", {}, what), el("div.pairs", {}, pairs.map((pair) =>
    el("div.pair", {}, el("div", {}, pair.items.map((item) => el("button.tile", { type: "button", title: nameOf(item) || "item " + rowOf(item), onclick: () => visit(item) }, facesOf(item, 72)))),
      el("div.what", {}, plural(pair.code, "bit") + " · " + EXACT.replace("exact ", "") + " " + digits(pair.exact, 3))))));
  const columns = [column("Codes say too far", "pairs farther apart by code than by exact distance", agreement.too_far), column("Codes say too near", "pairs nearer by code than by exact distance", agreement.too_near)].filter(Boolean);
  if (columns.length && (pictures || diagrams)) $("extremes").replaceChildren(el("div.extremes", {}, columns));
}

/* --- Elbow and sizes ---------------------------------------------------------------------------------------------- */

function drawElbowPlot() {
  const ks = elbow.wcss.map((_, i) => i + 1);
  const traces = [{ type: "scatter", mode: "lines+markers", x: ks, y: elbow.wcss, line: { color: "#2a6fac", width: 2 }, marker: { size: 5, color: "#2a6fac" }, hovertemplate: "k = %{x}<br>%{y:.4g}<extra></extra>" }];
  const layout = layoutOf(axis("Number of clusters k", ks.length <= 20 ? { dtick: ks.length <= 12 ? 1 : 2 } : {}), axis("Sum of squared distances (bits²)", Object.assign({ exponentformat: "none", separatethousands: true }, Math.min(...elbow.wcss) < 0.7 * elbow.wcss[0] ? { rangemode: "tozero" } : {})));
  if (elbow.k <= ks.length) {
    traces.push({ type: "scatter", mode: "markers", x: [elbow.k], y: [elbow.wcss[elbow.k - 1]], marker: { size: 13, color: "#fff", line: { width: 3, color: "#d55e00" } }, hoverinfo: "skip" });
    layout.annotations = [{ x: elbow.k, y: elbow.wcss[elbow.k - 1], text: "k = " + elbow.k, showarrow: false, xanchor: "left", yanchor: "bottom", xshift: 9, yshift: 5, font: { color: "#b34d00", size: 14 } }];
  }
  return Plotly.newPlot("elbow-plot", traces, layout, CONFIG);
}

function drawSizesPlot() {
  const kind = clusters ? CLUSTER : LABEL, groups = kind.groups;
  const shown = groups.sizes.slice(0, 40);
  const isLog = shown[0] / Math.max(1, shown[shown.length - 1]) > 50;
  const trace = { type: "bar", x: shown.map((_, g) => g), y: shown, marker: { color: shown.map((_, g) => colourOf(g)) }, text: shown.map(count), textposition: shown.length <= 16 ? "outside" : "none", constraintext: "none", cliponaxis: false, hovertemplate: shown.map((_, g) => plotlyText(kind.name(g)) + "<br>%{y:,} items<extra></extra>") };
  const names = shown.map((_, g) => plotlyText(short(kind.bare(g), 14)));
  return Plotly.newPlot("sizes-plot", [trace], layoutOf(axis(kind.word, { tickvals: shown.map((_, g) => g), ticktext: names, showgrid: false, type: "linear", range: [-0.6, Math.max(shown.length - 0.4, 4.6)] }), axis(isLog ? "Items (log scale)" : "Items", isLog ? { type: "log", dtick: 1, tickformat: ",d", range: [-0.15, Math.log10(shown[0]) * 1.12] } : { range: [0, shown[0] * 1.12] }), { margin: { l: 56, r: 12, t: 18, b: 48 }, bargap: 0.25 }), CONFIG);
}

/* --- Training ----------------------------------------------------------------------------------------------------- */

const lastOf = (log, column) => (log[column] ? log[column][log[column].length - 1] : null);
const shareOf = (log) => log.distinct.map((distinct, i) => (log.codes[i] ? distinct / log.codes[i] : null));

/* A panel for each: what its title says, the values of a log, the least range of its axis. Shares and correlations have
 * an end that is best, and so a range that all logs share; losses are as they come, or absent. */
const HELD_OUT_PANELS = [
  { title: "Spearman with exact W₁", of: (log) => log.spearman, range: [0, 1], none: "undefined: all codes alike" },
  { title: "Balance of the bits", of: (log) => log.balance, range: [0, 1] },
  { title: "Distinct codes, share", of: shareOf, range: [0, 1] },
];
const LOSS_PANELS = [
  { title: "Similarity", of: (log) => log.similarity },
  { title: "Quantisation", of: (log) => log.quantisation },
  { title: "Mean squared error", of: (log) => log.mse },
  { title: "Perceptual", of: (log) => log.perceptual },
  { title: "Generator", of: (log) => log.generator },
  { title: "Discriminator", of: (log) => log.discriminator },
];

const finite = (column) => (column || []).filter((value) => value !== null);
const rangeOf = (all) => all.reduce(([least, most], value) => [Math.min(least, value), Math.max(most, value)], [Infinity, -Infinity]);

/* Values of all logs on one axis: linear, or, where they fall a long way, logarithmic. */
function panelAxis(panel, more) {
  const [least, most] = rangeOf(logs.flatMap((log) => finite(panel.of(log))));
  if (panel.range) return axis("", Object.assign({ range: [Math.min(panel.range[0], least - 0.02), panel.range[1] + 0.03] }, more));
  const decades = least > 0 ? Math.log10(most / least) : 0;
  return axis("", Object.assign({ tickformat: "~g" }, decades > 1.3 ? { type: "log", dtick: Math.ceil(decades / 4) } : least === most && least > 0 ? { range: [0, 2 * least] } : {}, more));
}

function drawPanels(id, panels) {
  const plot = $(id);
  const n_columns = plot.clientWidth < 620 ? 1 : 3, n_lines = Math.ceil(panels.length / n_columns);
  const part = (n_parts, gap) => ({ size: (1 - gap * (n_parts - 1)) / n_parts, step: (1 + gap) / n_parts }); /* of an axis from 0 to 1 */
  const height = n_lines * 190 + 34, across = part(n_columns, 0.075), down = part(n_lines, 0.3 / n_lines);
  const [first, last] = rangeOf(logs.flatMap((log) => log.epoch)), margin = Math.max(0.5, (last - first) * 0.02);
  const traces = [], layout = layoutOf(undefined, undefined, { height, margin: { l: 44, r: 12, t: 26, b: 44 }, annotations: [], hovermode: "closest" });
  panels.forEach((panel, p) => {
    const number = p === 0 ? "" : String(p + 1), left = (p % n_columns) * across.step, right = left + across.size;
    const top = 1 - Math.floor(p / n_columns) * down.step, bottom = Math.max(0, top - down.size);
    layout["xaxis" + number] = axis(p + n_columns >= panels.length ? "Epoch" : "", { domain: [left, Math.min(1, right)], anchor: "y" + number, range: [first - margin, last + margin], dtick: last - first < 6 ? 1 : undefined, tickformat: ",d", automargin: false });
    layout["yaxis" + number] = panelAxis(panel, { domain: [bottom, top], anchor: "x" + number, automargin: false });
    const note = (text, y, more) => layout.annotations.push(Object.assign({ text, x: left, y, xref: "paper", yref: "paper", xanchor: "left", yanchor: "bottom", showarrow: false, font: { size: 13, color: "#1f2328" } }, more));
    note("<b>" + panel.title + "</b>", top, { yshift: 3 });
    if (!logs.some((log) => finite(panel.of(log)).length)) note(panel.none || "no values", (top + bottom) / 2, { x: (left + right) / 2, xanchor: "center", font: { size: 12.5, color: "#8a929c" } });
    logs.forEach((log, i) => {
      const column = panel.of(log);
      if (!column) return;
      const isolated = column.map((value, e) => value !== null && (column[e - 1] ?? null) === null && (column[e + 1] ?? null) === null);
      traces.push({ type: "scatter", mode: "lines+markers", x: log.epoch, y: column, xaxis: "x" + number, yaxis: "y" + number, line: { color: COLOURS[i % COLOURS.length], width: 2 },
        marker: { color: COLOURS[i % COLOURS.length], size: column.map((_, e) => (log.epoch.length <= 40 || isolated[e] ? 5 : 0)), line: { width: 0 }, opacity: 1 }, hovertemplate: (logs.length > 1 ? plotlyText(short(log.name, 40)) + "<br>" : "") + "epoch %{x}: %{y:.4g}<extra></extra>" });
    });
  });
  plot.style.height = height + "px";
  return Plotly.newPlot(id, traces, layout, CONFIG);
}

function drawTraining() {
  drawPanels("held-out-plot", HELD_OUT_PANELS);
  /* zero throughout: that part of the network was switched off */
  const losses = LOSS_PANELS.filter((panel) => logs.some((log) => finite(panel.of(log)).some((value) => value !== 0)));
  if (losses.length) drawPanels("losses-plot", losses);
}

/* The epoch of the greatest Spearman correlation, the first of equals; -1 if there is none. */
function bestEpoch(log) {
  let best = -1;
  log.spearman.forEach((value, e) => { if (value !== null && (best < 0 || value > log.spearman[best])) best = e; });
  return best;
}

function drawTrainingText() {
  const kept = logs.find((log) => log.epoch.length < log.n_epochs);
  $("training-note").textContent = "Above, how the codes of diagrams that were held out fare after each epoch: rank correlation of Hamming distance with exact W₁, how evenly the bits are set (1 is best), and the share of codes that differ. Below, the losses." + (kept ? " Of long logs only some epochs are drawn, evenly spread, and the last." : "");
  const dot = (i) => el("i.dot", { style: { background: COLOURS[i % COLOURS.length] } });
  if (logs.length > 1) $("training-legend").replaceChildren(...logs.map((log, i) => el("span.chip", {}, dot(i), el("span.text", { title: log.name }, log.name))));
  const heads = ["Log", "Epochs", "Spearman", "Best", "Balance", "Distinct codes", "Constant bits", "Seconds"];
  const cells = (log, i) => {
    const best = bestEpoch(log), constant = lastOf(log, "constant_bits"), seconds = finite(log.seconds);
    return [el("span.swatch", {}, dot(i), log.name), count(log.n_epochs), score(lastOf(log, "spearman")), best < 0 ? "–" : score(log.spearman[best]) + " in epoch " + count(log.epoch[best]), score(lastOf(log, "balance")),
      count(lastOf(log, "distinct")) + " of " + count(lastOf(log, "codes")), constant === null ? "–" : count(constant), seconds.length && log.epoch.length === log.n_epochs ? digits(seconds.reduce((a, b) => a + b, 0), 3) : "–"];
  };
  $("training-table").replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, logs.map((log, i) => el("tr", {}, cells(log, i).map((cell) => el("td", {}, cell)))))));
}

/* --- Groups with their members ------------------------------------------------------------------------------------ */

function mixOf(group) {
  const tally = new Map();
  for (let i = 0; i < n; i++) if (clusters.of[i] === group) tally.set(labels.of[i], (tally.get(labels.of[i]) || 0) + 1);
  const parts = [...tally].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const total = parts.reduce((sum, part) => sum + part[1], 0);
  const text = parts.slice(0, 4).map(([label, own]) => percent(own / total) + " " + LABEL.name(label)).join(", ") + (parts.length > 4 ? ", …" : "");
  return [el("div.mix", { title: text }, parts.map(([label, own]) => el("span", { style: { flexGrow: own, flexBasis: "0", background: colourOf(label) } }))), el("div.mix-text", {}, text)];
}

const FACE = pictures && diagrams ? 58 : 64; /* side of pictures in cards */

function drawGroups() {
  const isClusters = examples.of === "clusters", kind = isClusters ? CLUSTER : LABEL, groups = kind.groups;
  $("groups-title").textContent = isClusters ? "Clusters and some of their members" : "Classes and some of their members";
  $("groups-note").textContent = (codes ? "First the medoid (the member with the least sum of Hamming distances to the others), then members at equal steps of the ranking by distance from it, the farthest last; below each its distance in bits." : "A few members of each.") + (isClusters && labels ? " The strip shows which labels the members have." : "");
  const tile = (item, caption, isFirst) => el(isFirst ? "button.tile.first" : "button.tile", { type: "button", title: nameOf(item) || "item " + rowOf(item), onclick: () => visit(item) }, facesOf(item, FACE), el("div", {}, caption));
  const card = (n_tiles, head, ...body) => el("div.card", { style: { width: Math.max(210, n_tiles * (FACE + 10)) + "px" } }, el("div.head", {}, head), body);
  const cards = [], single = [];
  examples.groups.forEach((group, g) => {
    if (groups.sizes[g] === 1 && groups.sizes.length > 1) return single.push(g);
    cards.push(card(group.items.length,
      [el("h3", {}, el("span.swatch", {}, symbolSvg(g), kind.name(g))), el("span.count", {}, plural(groups.sizes[g], "item") + " · " + percent(groups.sizes[g] / data.n_rows) + (group.mean_distance !== null ? " · mean " + digits(group.mean_distance, 3) + " bits" : ""))],
      isClusters && labels ? mixOf(g) : null,
      el("div.examples", {}, group.items.map((item, e) => tile(item, !codes ? String(rowOf(item)) : e === 0 ? "medoid" : String(group.distances[e]), e === 0 && codes)))));
  });
  if (single.length) cards.push(card(Math.min(single.length, 8), [el("h3", {}, plural(single.length, isClusters ? "cluster" : "class", isClusters ? "clusters" : "classes") + " of one item")],
    el("div.examples", {}, single.map((g) => tile(examples.groups[g].items[0], el("span.swatch", {}, symbolSvg(g, 9), short(kind.bare(g), 8)))))));
  $("cards").replaceChildren(...cards);
  const rest = groups.sizes.slice(examples.groups.length);
  if (rest.length) $("groups-rest").textContent = "And " + plural(rest.length, isClusters ? "smaller cluster" : "smaller class", isClusters ? "smaller clusters" : "smaller classes") + " with " + plural(rest.reduce((a, b) => a + b, 0), "item") + " in all.";
}

/* --- How it was made ---------------------------------------------------------------------------------------------- */

/* {a: {b: 1}} -> [["a.b", "1"]]; the metadata of the file that a file was made from ("source") has a table of its own. */
function flatten(object, prefix = "") {
  return Object.entries(object).flatMap(([key, value]) => {
    if (prefix === "" && key === "source" && meta.diagrams) return [];
    if (prefix === "" && key === "tool" && value === data.tool) return []; /* it stands at the head of the page */
    if (Array.isArray(value)) return [[prefix + key, (value.length > 12 ? count(value.length) + " values: " : "") + value.slice(0, 12).map((v) => (v !== null && typeof v === "object" ? JSON.stringify(v) : v)).join(", ") + (value.length > 12 ? ", …" : "")]];
    if (value !== null && typeof value === "object") return flatten(value, prefix + key + ".");
    return [[prefix + key, String(value)]];
  });
}

/* The commands that the files remember, in the order in which they were run. */
function recordedCommands() {
  const found = [];
  const visitPart = (part) => {
    if (!part || typeof part !== "object") return;
    visitPart(part.source);
    if (typeof part.command === "string" && !found.includes(part.command)) found.push(part.command);
  };
  [meta.diagrams, meta.codes, meta.exact, meta.clusters].forEach(visitPart);
  return found.join("\n");
}

function drawMade() {
  const commands = (data.commands || recordedCommands()).trim();
  if (commands) {
    const copy = el("button.copy", { type: "button", onclick: () => navigator.clipboard.writeText(commands).then(() => { copy.textContent = "copied"; }, () => { copy.textContent = "select and copy by hand"; }) }, "copy");
    $("commands").replaceChildren(el("pre", {}, copy, el("code", {}, commands)));
  }
  const table = (title, lines) => lines.length ? el("div", {}, el("h3", {}, title), el("table", {}, el("tbody", {}, lines.map(([key, value]) => el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, value)))))) : null;
  const facts = (object) => (object ? flatten(object).map(([key, value]) => [key, short(value, 240)]) : []);
  const page = n ? [["items", count(data.n_rows)]] : [];
  if (data.n_items < data.n_rows) page.push(["items on this page", count(data.n_items)]);
  if (pictures) page.push(["thumbnails", count(pictureOf.size) + ", in 64 greys" + (pictures.is_stretched ? "; greys stretched from each image's least to its greatest value" : "")]);
  if (diagrams) page.push(["diagrams drawn", count(n) + "; coordinates in 255 steps" + (diagrams.n_beyond ? "; " + plural(diagrams.n_beyond, "point") + " beyond the axes at their edge" : "") + (diagrams.n_most ? "; at most the " + count(diagrams.n_most) + " most persistent points of each" : "")]);
  if (data.scores) page.push(["clusters against labels", "ARI " + score(data.scores.ari) + ", AMI " + score(data.scores.ami) + ", FMS " + score(data.scores.fms)]);
  const files = data.files && el("div", {}, el("h3", {}, "Files"), el("table", {}, el("tbody", {}, data.files.map((path) => el("tr", {}, el("td", {}, el("a", { href: hrefOf(path) }, path)))))));
  $("tables").replaceChildren(...[table("Diagrams", facts(meta.diagrams)), table("Codes", facts(meta.codes)), table("Clusters", facts(meta.clusters)), table("Exact distances", facts(meta.exact)), table("This page", page), files].filter(Boolean));
  $("foot").textContent = data.tool + ". This page is complete in itself: it asks nothing from any network.";
}

/* A path as a link: always a file beside the page or an absolute path, never another scheme. */
const hrefOf = (path) => (path.startsWith("/") ? "" : "./") + path.split("/").map(encodeURIComponent).join("/");

/* --- All of it ---------------------------------------------------------------------------------------------------- */

function drawTexts() {
  readBlocks();
  drawHead();
  drawMade();
  colourBy = COLOURINGS[0] || null;
  if (clusters && labels && clusters.sizes[0] > 0.9 * data.n_rows) colourBy = COLOURINGS[1]; /* one giant cluster: labels show more */
  $("map").hidden = !data.map;
  document.body.classList.toggle("no-map", !data.map);
  $("agreement").hidden = !agreement;
  $("elbow").hidden = !elbow;
  const sized = clusters || labels;
  $("sizes").hidden = !sized || sized.sizes.length < 2;
  $("sizes-title").textContent = clusters ? "Cluster sizes" : "Class sizes";
  $("elbow").classList.toggle("alone", $("sizes").hidden);
  $("sizes").classList.toggle("alone", $("elbow").hidden);
  $("groups").hidden = !examples;
  $("training").hidden = !logs;
  $("item").hidden = !n;
  if (elbow) $("elbow-note").textContent = "Within-cluster sum of squared distances for each number of clusters; where the curve bends, more clusters stop paying." + (elbow.k > elbow.wcss.length ? " The " + count(elbow.k) + " clusters chosen lie beyond the curve." : "");
  if (sized) $("sizes-note").textContent = "Items in each " + (clusters ? "cluster" : "class") + "; the largest has " + percent(sized.sizes[0] / data.n_rows) + " of them." + (sized.sizes.length > 40 ? " Shown are the 40 largest of " + count(sized.sizes.length) + "." : "");
  if (data.map) {
    drawColourSwitch();
    drawLegend();
  }
  if (agreement) { drawAgreementText(); drawExtremes(); }
  if (logs) drawTrainingText();
  if (examples) drawGroups();
  if (!n) return;
  const wanted = /^#item=([0-9]+)$/.exec(location.hash); /* report.html#item=17 opens with that item pinned */
  const asked = wanted ? (data.rows ? data.rows.indexOf(Number(wanted[1])) : Number(wanted[1])) : -1;
  if (asked >= 0 && asked < n) show(asked, true);
  else show(examples ? examples.groups[0].items[0] : 0);
}

/* Called when plotly is there. */
function drawPlots() {
  if (data.map) drawMap();
  if (agreement) drawAgreementPlot();
  if (elbow) drawElbowPlot();
  if (!$("sizes").hidden) drawSizesPlot();
  if (logs) drawTraining();
  root.dataset.drawn = "yes";
}

drawTexts();
