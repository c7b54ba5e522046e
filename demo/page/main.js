// SPDX-License-Identifier: Apache-2.0
// The page: one session for this tab, and who does what when.

import { download, get, post, send } from "./server.js";
import { Pad } from "./pad.js";
import * as inside from "./inside.js";
import * as own from "./own.js";
import * as people from "./people.js";
import * as reading from "./reading.js";

const byId = (id) => document.getElementById(id);
const KEY = "session";
const state = { session: null, person: 0, mode: "MOE_GATED", strokes: [], busy: false, again: false, since: null };

const whose = () => ({ session: state.session.session, person: state.person });
const say = (text) => (byId("said").textContent = text);

function problem(error) {
  byId("problem").textContent = error ? error.message : "";
  if (error && !error.status && error.status !== 0) console.error(error);
}

// What a request is about may be gone, if the server was started anew: then there is a new session.
async function asked(request) {
  problem(null);
  try {
    return await request();
  } catch (error) {
    if (error.status === 404 && error.message.startsWith("session")) {
      await open(false);
      say("The server was started anew: this is a new session.");
      return request();
    }
    throw error;
  }
}

// An action of a button; while it runs, nothing else may change the person.
async function act(button, request) {
  const buttons = document.querySelectorAll(".people button, #teach");
  buttons.forEach((one) => (one.disabled = true));
  button.setAttribute("aria-busy", "true");
  try {
    await asked(request);
  } catch (error) {
    problem(error);
  } finally {
    button.removeAttribute("aria-busy");
    buttons.forEach((one) => (one.disabled = false));
    people.show(state.session, state.person, choose);
  }
}

async function open(old) {
  const key = old && sessionStorage.getItem(KEY);
  try {
    state.session = key ? await get("session", { session: key }) : await post("session");
  } catch (error) {
    if (!key || error.status !== 404) throw error;
    state.session = await post("session");
  }
  sessionStorage.setItem(KEY, state.session.session);
  state.person = Math.min(state.person, state.session.people.length - 1);
  people.show(state.session, state.person, choose);
  others();
}

async function others() {
  try {
    const found = await get("others", whose());
    if (found.bank === state.session.people[state.person].bank) people.others(found);
  } catch (error) {
    problem(error);
  }
}

// After the people changed: show them, and let the present drawing be answered again.
function changed(session) {
  state.session = session;
  people.show(session, state.person, choose);
  others();
  classify();
}

function choose(number) {
  state.person = number;
  changed(state.session);
}

// One request at a time; what changed meanwhile is asked when its answer is there.
async function classify(time = performance.now()) {
  if (!state.strokes.length) return;
  state.since = time;
  if (state.busy) {
    state.again = true;
    return;
  }
  state.busy = true;
  document.body.dataset.state = "asking";
  try {
    do {
      state.again = false;
      const since = state.since;
      const answer = await asked(() => post("classify", { ...whose(), mode: state.mode, strokes: state.strokes }));
      if (!state.strokes.length) break;
      say(reading.show(answer));
      inside.show(answer);
      performance.measure("answer", { start: since, end: performance.now() });
      if (state.session.people.length > 1) {
        people.sideBySide(state.session, await asked(() => post("compare", { ...whose(), strokes: state.strokes })));
      }
    } while (state.again && state.strokes.length);
  } catch (error) {
    problem(error);
  }
  state.busy = false;
  document.body.dataset.state = "answered";
}

function drawn(strokes, drawing, time) {
  byId("hint").hidden = strokes.length > 0;
  state.strokes = strokes.map((stroke) => stroke.slice());
  if (!strokes.length) {
    reading.empty();
    people.sideBySide(state.session, null);
    say("Cleared.");
  } else if (!drawing) classify(time);
}

function mode(name) {
  state.mode = name;
  byId("mode-text").textContent = reading.MODES[name];
  classify();
}

function prepare(pad) {
  byId("clear").addEventListener("click", () => {
    pad.clear();
    byId("pad").focus();
  });
  byId("back").addEventListener("click", () => pad.back());
  byId("correct").addEventListener("submit", (event) => {
    event.preventDefault();
    const label = byId("label").value;
    if (!state.strokes.length) return problem(new Error("Draw something first, then say what it is."));
    act(byId("teach"), async () => {
      say(`The device learns that this is ${reading.spoken(label)}.`);
      const session = await post("correct", { ...whose(), label, strokes: state.strokes });
      byId("label").value = "";
      changed(session);
    });
  });
  byId("undo").addEventListener("click", () => act(byId("undo"), async () => changed(await post("undo", whose()))));
  byId("factory").addEventListener("click", () => act(byId("factory"), async () => changed(await post("factory", whose()))));
  byId("add").addEventListener("click", () =>
    act(byId("add"), async () => {
      const session = await post("people", { session: state.session.session });
      state.person = session.people.length - 1;
      changed(session);
    }),
  );
  byId("save").addEventListener("click", () =>
    act(byId("save"), async () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(await download("bank", whose()));
      link.download = `${state.session.people[state.person].name.replace(/\W+/g, "_").toLowerCase()}.bank`;
      link.click();
      URL.revokeObjectURL(link.href);
    }),
  );
  byId("load").addEventListener("click", () => byId("load-file").click());
  byId("load-file").addEventListener("change", ({ target }) => {
    const file = target.files[0];
    target.value = "";
    if (file) act(byId("load"), async () => changed(await send("bank", { ...whose(), name: file.name }, file)));
  });
  inside.prepare();
  own.prepare(whose, changed, problem);
}

const pad = new Pad(byId("pad"), drawn);
prepare(pad);
try {
  const about = await get("about");
  people.chips(byId("modes"), "mode", about.modes.map((name) => [name, name.replace("_", " ")]), state.mode, mode);
  mode(state.mode);
  const clock = about.clock ? `, ${about.clock.mhz.toFixed(1)} MHz after place and route${about.clock.present ? "" : " (of earlier hardware)"}` : "";
  byId("about").textContent = `Device ${about.design}${clock}. Everything on this page comes from this machine.`;
  // A tab that is loaded again keeps its session; a copy of a tab gets its own.
  await open(performance.getEntriesByType("navigation")[0]?.type === "reload");
  document.body.dataset.state = "ready";
} catch (error) {
  problem(error);
}
