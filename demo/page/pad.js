// SPDX-License-Identifier: Apache-2.0
// The paper: strokes of a mouse, finger, pen or the keyboard, in units of its side times 1000.

const SIDE = 1000;
const PEN = 52; // width of the line on the screen; what the device sees is drawn by the server
const STEP = 30, LEAP = 120;

export class Pad {
  // changed(strokes, drawing, time): after every change; drawing: the pen is down; time: of the event that lifted it.
  constructor(canvas, changed) {
    this.canvas = canvas;
    this.changed = changed;
    this.strokes = [];
    this.pointer = null;
    this.keys = { x: SIDE / 2, y: SIDE / 2, down: false };
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const kind of ["pointerup", "pointercancel"]) canvas.addEventListener(kind, (event) => this.#up(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("focus", () => this.draw());
    canvas.addEventListener("blur", () => this.#lift(performance.now()));
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  clear() {
    this.strokes = [];
    this.pointer = null;
    this.keys.down = false;
    this.#tell(performance.now());
  }

  back() {
    this.strokes.pop();
    this.keys.down = false;
    this.#tell(performance.now());
  }

  #point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE].map(
      (value) => Math.round(value * 10) / 10,
    );
  }

  #down(event) {
    if (this.pointer !== null || event.button > 0) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    this.keys.down = false;
    this.pointer = event.pointerId;
    this.canvas.setPointerCapture(event.pointerId);
    this.strokes.push([this.#point(event)]);
    this.#tell();
  }

  #move(event) {
    if (event.pointerId !== this.pointer) return;
    const parts = event.getCoalescedEvents?.() ?? [];
    this.strokes.at(-1).push(...(parts.length ? parts : [event]).map((part) => this.#point(part)));
    this.draw();
  }

  #up(event) {
    if (event.pointerId !== this.pointer) return;
    this.pointer = null;
    this.#tell(event.timeStamp);
  }

  #key(event) {
    const far = event.shiftKey ? LEAP : STEP;
    const way = { ArrowLeft: [-far, 0], ArrowRight: [far, 0], ArrowUp: [0, -far], ArrowDown: [0, far] }[event.key];
    if (way) {
      for (const [axis, by] of [["x", way[0]], ["y", way[1]]]) this.keys[axis] = Math.min(SIDE, Math.max(0, this.keys[axis] + by));
      if (this.keys.down) this.strokes.at(-1).push([this.keys.x, this.keys.y]);
      this.draw();
    } else if (event.key === " " || event.key === "Enter") {
      if (this.keys.down) this.#lift(event.timeStamp);
      else {
        this.keys.down = true;
        this.strokes.push([[this.keys.x, this.keys.y]]);
        this.#tell();
      }
    } else if (event.key === "Escape" || event.key === "Delete") this.clear();
    else return;
    event.preventDefault();
  }

  #lift(time) {
    if (this.keys.down) {
      this.keys.down = false;
      this.#tell(time);
    } else this.draw();
  }

  #tell(time) {
    this.draw();
    this.changed(this.strokes, this.pointer !== null || this.keys.down, time);
  }

  draw() {
    const { canvas } = this;
    const side = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1));
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const pen = canvas.getContext("2d");
    pen.setTransform(side / SIDE, 0, 0, side / SIDE, 0, 0);
    pen.clearRect(0, 0, SIDE, SIDE);
    pen.lineCap = pen.lineJoin = "round";
    pen.lineWidth = PEN;
    pen.strokeStyle = "#17202e";
    for (const stroke of this.strokes) {
      pen.beginPath();
      pen.moveTo(...stroke[0]);
      for (const point of stroke) pen.lineTo(...point);
      pen.stroke();
    }
    if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
      pen.lineWidth = 6;
      pen.strokeStyle = this.keys.down ? "#a8201a" : "#1f6feb";
      pen.beginPath();
      pen.arc(this.keys.x, this.keys.y, PEN / 2, 0, 7);
      pen.stroke();
    }
  }
}

// Pixels of the device, 28 rows of 28 values, onto a small canvas.
export function show(canvas, pixels) {
  const pen = canvas.getContext("2d");
  canvas.width = canvas.height = pixels.length;
  const image = pen.createImageData(pixels.length, pixels.length);
  pixels.flat().forEach((value, at) => image.data.set([value, value, value, 255], 4 * at));
  pen.putImageData(image, 0, 0);
}
