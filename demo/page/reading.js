// SPDX-License-Identifier: Apache-2.0
// What the device answered, large and in words.

import { show as showPixels } from "./pad.js";

const SEEN = ["seen", "seen-text", "letter"];
const byId = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;
const FULL = 6; // logits from the middle of the gate's scale to its end

export const MODES = {
  OFF: "Nobody is awake, and no image is accepted.",
  GE_ONLY: "The global expert answers everything; local expert and gate sleep.",
  LE_ONLY: "Your local expert answers everything; the global expert sleeps.",
  MOE_PARALLEL: "Both experts work on every image, and the gate picks the answer.",
  MOE_GATED: "The gate decides first; the global expert sleeps until it is needed.",
};

// The sentence for a screen reader.
export function show(answer) {
  showPixels(byId("seen"), answer.pixels);
  byId("seen").setAttribute("aria-label", "The image that the device sees, 28 by 28 pixels");
  for (const name of SEEN) byId(name).hidden = false;
  byId("reading").dataset.expert = answer.expert ?? "";
  byId("letter").textContent = answer.first?.character ?? "\u2013";
  const local = answer.expert === "LE";
  const who = local ? "Local expert" : "Global expert";
  byId("who").replaceChildren();
  if (answer.expert) {
    const strong = document.createElement("b");
    strong.textContent = who;
    byId("who").append(strong, local ? "which knows your hand" : "which knows everybody's hand");
  } else byId("who").textContent = "Mode OFF: nobody answers.";
  byId("bars").hidden = !answer.first;
  if (answer.first) {
    for (const [name, guess] of [["first", answer.first], ["second", answer.second]]) {
      byId(`${name}-name`).textContent = guess.character;
      byId(`${name}-share`).textContent = percent(guess.share);
      byId(`${name}-fill`).style.width = `${100 * guess.share}%`;
    }
  }
  byId("gate").hidden = !answer.gate;
  if (answer.gate) {
    const { margin, theta } = answer.gate;
    const number = (value) => value.toFixed(2).replace("-", "\u2212");
    byId("needle").style.left = `${50 + 46 * Math.max(-1, Math.min(1, (margin - theta) / FULL))}%`;
    byId("gate-text").textContent =
      `Gate: margin ${number(margin)} is ${margin > theta ? "above" : "not above"} theta ${number(theta)}, so the ${who.toLowerCase()} answers`;
  }
  facts(answer);
  if (!answer.first) return "Mode off: nobody answers.";
  return `Read as ${spoken(answer.first.character)} by the ${who.toLowerCase()}, ${percent(answer.first.share)} sure. Runner-up ${spoken(answer.second.character)}.`;
}

function facts({ cycles, microseconds, energy, first }) {
  byId("cycles").textContent = cycles === null ? "\u2013" : cycles.toLocaleString("en");
  byId("duration").textContent =
    cycles === null ? "\u2013" : microseconds === null ? "no routed clock yet" : `${microseconds.toFixed(1)} \u00b5s`;
  byId("energy").textContent = `${energy.image.toLocaleString("en", { maximumFractionDigits: 1 })} nJ`;
  byId("ratio").textContent = first ? percent(energy.ratio) : "\u2013";
  byId("flow-answer").textContent = first ? first.character : "no answer";
}

export function empty() {
  byId("reading").dataset.expert = "";
  for (const name of SEEN) byId(name).hidden = true;
  byId("letter").textContent = "";
  byId("who").textContent = "Draw something.";
  byId("bars").hidden = byId("gate").hidden = true;
}

// "capital K" rather than a K that sounds like k.
export function spoken(character) {
  if (/[A-Z]/.test(character)) return `capital ${character}`;
  return /[a-z]/.test(character) ? `small ${character}` : character;
}
