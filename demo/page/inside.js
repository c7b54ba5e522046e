// SPDX-License-Identifier: Apache-2.0
// The power domains over the time of one image: boxes that light up, and a line for each.

const NAMES = { fe: "Front end", le: "Local expert", gn: "Gate", ge: "Global expert" };
const STATES = { off: "no power", on: "power, no work", active: "works" };
const WHOLE = { off: "slept", on: "power, no work", active: "worked" };
const SVG = "http://www.w3.org/2000/svg";
const PLAY = 1400; // ms for the whole line
const byId = (id) => document.getElementById(id);
const count = (value) => Math.round(value).toLocaleString("en");

let power = null;
let answeredAt = null; // cycle
let playing = 0;

export function prepare() {
  for (const domain of Object.keys(NAMES)) {
    const row = document.createElement("div");
    row.className = "line";
    const name = document.createElement("span");
    name.textContent = NAMES[domain];
    const line = document.createElementNS(SVG, "svg");
    line.id = `line-${domain}`;
    line.setAttribute("preserveAspectRatio", "none");
    line.setAttribute("shape-rendering", "crispEdges");
    line.setAttribute("aria-hidden", "true");
    row.append(name, line);
    byId("lines").append(row);
  }
  byId("moment").addEventListener("input", () => {
    cancelAnimationFrame(playing);
    at(byId("moment").value / 1000);
  });
}

function rect(kind, left, right, share) {
  const part = document.createElementNS(SVG, "rect");
  const about = { class: kind, x: left, width: right - left, y: 100 * (1 - share), height: 100 * share };
  for (const [name, value] of Object.entries(about)) part.setAttribute(name, value);
  return part;
}

// Answer: as POST /classify gives it.
export function show(answer) {
  power = answer.power;
  answeredAt = answer.cycles;
  const end = power.ends.at(-1);
  for (const domain of Object.keys(NAMES)) {
    const line = byId(`line-${domain}`);
    line.setAttribute("viewBox", `0 0 ${end} 100`);
    const parts = [];
    power.ends.forEach((right, k) => {
      const left = k ? power.ends[k - 1] : 0;
      if (power.on[domain][k]) parts.push(rect(`on-${domain}`, left, right, power.on[domain][k] > 0.5 ? 1 : 0.5));
      if (power.active[domain][k]) parts.push(rect(`do-${domain}`, left, right, power.active[domain][k]));
    });
    const cut = document.createElementNS(SVG, "line");
    cut.setAttribute("class", "cut");
    line.replaceChildren(...parts, cut);
  }
  byId("moment").disabled = false;
  byId("inside-text").textContent = Object.keys(NAMES).map((domain) => `${NAMES[domain]}: ${inWords(domain)}`).join(". ") + ".";
  play();
}

function inWords(domain) {
  const end = power.ends.at(-1);
  let on = 0, active = 0, before = 0;
  power.ends.forEach((right, k) => {
    on += power.on[domain][k] * (right - before);
    active += power.active[domain][k] * (right - before);
    before = right;
  });
  const percent = (part) => `${Math.round((100 * part) / end)}\u00a0%`;
  return on ? `power for ${percent(on)} of the time, works for ${percent(active)}` : "no power";
}

function play() {
  cancelAnimationFrame(playing);
  if (window.matchMedia("(prefers-reduced-motion: reduce)").matches) return whole();
  const start = performance.now();
  const step = (now) => {
    const share = Math.min(1, Math.max(0, (now - start) / PLAY));
    at(share);
    if (share < 1) playing = requestAnimationFrame(step);
    else whole();
  };
  playing = requestAnimationFrame(step);
}

function light(domain, state, words) {
  const box = document.querySelector(`.box[data-domain="${domain}"]`);
  if (box.dataset.state !== state || box.lastChild.textContent !== words) {
    box.dataset.state = state;
    box.querySelector("i").textContent = words;
  }
}

// Behind the last moment: what each domain did for the image as a whole.
function whole() {
  at(1);
  for (const domain of Object.keys(NAMES)) {
    const state = power.active[domain].some(Boolean) ? "active" : power.on[domain].some(Boolean) ? "on" : "off";
    light(domain, state, WHOLE[state]);
  }
  byId("moment-text").textContent = answeredAt === null ? "the whole time" : `the whole image: answer in cycle ${count(answeredAt)}`;
}

function at(share) {
  const end = power.ends.at(-1);
  const cycle = share * end;
  let k = power.ends.findIndex((right) => cycle <= right);
  if (k < 0) k = power.ends.length - 1;
  for (const domain of Object.keys(NAMES)) {
    const state = power.active[domain][k] > 0.05 ? "active" : power.on[domain][k] > 0.5 ? "on" : "off";
    light(domain, state, STATES[state]);
    const cut = document.querySelector(`#line-${domain} .cut`);
    for (const [name, value] of Object.entries({ x1: cycle, x2: cycle, y1: 0, y2: 100 })) cut.setAttribute(name, value);
  }
  byId("moment").value = Math.round(1000 * share);
  byId("moment-text").textContent = `cycle ${count(cycle)}${answeredAt === null ? "" : `, answer in cycle ${count(answeredAt)}`}`;
}
