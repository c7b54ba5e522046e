// SPDX-License-Identifier: Apache-2.0
// One's own images: an .npz file or a folder, chosen or dropped.

import { post, send } from "./server.js";

const byId = (id) => document.getElementById(id);

// asked(): {session, person}; learned(session): after it; problem(error).
export function prepare(asked, learned, problem) {
  const work = async (count, request) => {
    byId("own-text").textContent = `The device learns ${count}. Others can go on drawing meanwhile.`;
    try {
      const found = await request();
      table(found);
      learned(found.session);
    } catch (error) {
      byId("own-text").textContent = "";
      problem(error);
    }
  };
  const npz = (file) => work(file.name, () => send("images/npz", { ...asked(), name: file.name }, file));
  const folder = async (files) => {
    const chosen = files.filter(([path]) => path.toLowerCase().endsWith(".png"));
    const name = (chosen[0]?.[0] ?? "a folder").split("/")[0];
    await work(`${chosen.length} images`, async () => {
      const list = await Promise.all(chosen.map(async ([path, file]) => ({ name: path, content: await base64(file) })));
      return post("images/png", { ...asked(), name, files: list });
    });
  };
  byId("own-file").addEventListener("click", () => byId("own-file-input").click());
  byId("own-folder").addEventListener("click", () => byId("own-folder-input").click());
  byId("own-file-input").addEventListener("change", ({ target }) => {
    if (target.files.length) npz(target.files[0]);
    target.value = "";
  });
  byId("own-folder-input").addEventListener("change", ({ target }) => {
    folder([...target.files].map((file) => [file.webkitRelativePath || file.name, file]));
    target.value = "";
  });
  const drop = byId("drop");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    const files = (await Promise.all(entries.map((entry) => walk(entry, "")))).flat();
    const first = files.find(([path]) => path.toLowerCase().endsWith(".npz"));
    if (first) npz(first[1]);
    else folder(files);
  });
}

async function walk(entry, above) {
  const path = above + entry.name;
  if (entry.isFile) return [[path, await new Promise((done, failed) => entry.file(done, failed))]];
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const part = await new Promise((done, failed) => reader.readEntries(done, failed));
    if (!part.length) break;
    found.push(...part);
  }
  return (await Promise.all(found.map((one) => walk(one, `${path}/`)))).flat();
}

async function base64(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

function table(found) {
  const share = (right) => `${((100 * right) / found.images).toFixed(1)}\u00a0%`;
  const images = `${found.images} ${found.held_out ? "held-out " : ""}image${found.images === 1 ? "" : "s"}`;
  const which = found.held_out ? images : `${images}, the very ones that it learned,`;
  byId("own-text").textContent =
    `${found.taught} images learned in ${found.lessons} lessons. Of ${which} it read ${share(found.right_before)} right before and ${share(found.right_after)} after.`;
  byId("own-scroll").hidden = false;
  byId("own-table").tBodies[0].replaceChildren(
    ...found.confusions.map((one) => {
      const row = document.createElement("tr");
      for (const text of [one.character, one.read || "nothing", one.before, one.after]) {
        const cell = document.createElement("td");
        cell.textContent = text;
        row.append(cell);
      }
      return row;
    }),
  );
}
