// SPDX-License-Identifier: Apache-2.0
// The people of the session, what each was taught, and how everybody else fares.

import { show as showPixels } from "./pad.js";

const byId = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)}\u00a0%`;

export function chips(place, name, values, chosen, choose) {
  const made = values.map(([value, text]) => {
    const chip = document.createElement("label");
    chip.className = "chip";
    const input = document.createElement("input");
    Object.assign(input, { type: "radio", name, value, checked: value === chosen });
    input.addEventListener("change", () => choose(value));
    const shown = document.createElement("span");
    shown.textContent = text;
    chip.append(input, shown);
    return chip;
  });
  place.replaceChildren(...made);
}

export function show(session, person, choose) {
  const again = document.activeElement?.name === "person";
  chips(byId("persons"), "person", session.people.map((one, number) => [String(number), one.name]), String(person), (value) => choose(Number(value)));
  if (again) document.querySelector("input[name=person]:checked").focus();
  const { taught } = session.people[person];
  byId("taught").replaceChildren(...taught.slice().reverse().map(line));
  byId("taught-none").hidden = taught.length > 0;
  byId("undo").disabled = taught.length === 0;
}

function line(entry) {
  const item = document.createElement("li");
  if (entry.pixels) {
    const image = document.createElement("canvas");
    image.setAttribute("aria-hidden", "true");
    showPixels(image, entry.pixels);
    item.append(image);
  }
  const text = document.createElement("span");
  text.textContent = entry.text;
  item.append(text);
  return item;
}

export function sideBySide(session, compared) {
  byId("side").hidden = !compared;
  if (!compared) return;
  byId("side-list").replaceChildren(
    ...compared.answers.map((guess, number) => {
      const item = document.createElement("li");
      const letter = document.createElement("b");
      letter.textContent = guess.character;
      const who = compared.experts[number] === "LE" ? "local expert" : "global expert";
      item.append(letter, `${session.people[number]?.name ?? ""}, ${who}`);
      return item;
    }),
  );
}

export function others(found) {
  byId("others-now").textContent = percent(found.now.right);
  const change = 100 * (found.now.right - found.factory.right);
  byId("others-change").textContent = Math.abs(change) < 0.05 ? "as with the factory bank" : `${change > 0 ? "+" : "\u2212"}${Math.abs(change).toFixed(1)} points against the factory bank`;
  byId("others-fill").style.width = `${100 * found.now.right}%`;
  byId("others-mark").style.left = `${100 * found.factory.right}%`;
  byId("others-text").textContent =
    `of ${found.images} images (${found.source}) are read right with this bank; ${percent(found.now.to_local)} go to the local expert. ` +
    `The global expert alone: ${percent(found.ge)}.`;
}
