// Draws the picture on a canvas: heat maps of every part, and the strongest connections between them.
import type { Inspection } from "../engine/protocol.ts";
import { visible } from "../ui/format.ts";
import { mix, type Palette, rgb } from "../ui/theme.ts";
import { type Box, boxRect, cellRect, findBox, LABEL, type Layout, place, rowMiddle, type Spot } from "./layout.ts";
import { gridOf, largest, type Link, strongest } from "./values.ts";

export interface View {
  seen: Inspection;
  layout: Layout;
  symbols: readonly string[];
  palette: Palette;
  backward: boolean;
  focus: Spot | null;
  /** Token of the target, or null. */
  target: number | null;
}

type Pen = CanvasRenderingContext2D;

export function paint(pen: Pen, view: View): void {
  pen.clearRect(0, 0, view.layout.width, view.layout.height);
  drawLookups(pen, view);
  drawLinks(pen, view);
  for (const box of view.layout.boxes) {
    if (box.part === "context") drawTiles(pen, view, box);
    else if (box.part === "prob") drawBars(pen, view, box);
    else drawHeat(pen, view, box);
  }
  drawTableLabels(pen, view);
  drawFocus(pen, view);
}

const heatCanvas = document.createElement("canvas");

/** One pixel per number on a small canvas, scaled up without smoothing. */
function drawHeat(pen: Pen, view: View, box: Box): void {
  const { palette, layout, seen, backward } = view;
  const grid = gridOf(seen, box.part, box.layer, backward);
  const colours = heatColours(palette);
  if (grid.values.length === 0) return;
  const scale = 128 / largest(grid.values);
  const { rows, columns } = grid;
  const across = layout.across;
  heatCanvas.width = across ? columns : rows;
  heatCanvas.height = across ? rows : columns;
  const small = heatCanvas.getContext("2d")!;
  const image = small.createImageData(heatCanvas.width, heatCanvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const shade = colours[128 + Math.round(grid.values[row * columns + column]! * scale)]!;
      pixels[across ? row * columns + column : column * rows + row] = shade;
    }
  }
  small.putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = false;
  if (box.gapEvery === 0) {
    const { x, y, w, h } = boxRect(layout, box);
    pen.drawImage(heatCanvas, x, y, w, h);
    frame(pen, palette.line, x, y, w, h);
    return;
  }
  for (let first = 0; first < rows; first += box.gapEvery) {
    const count = Math.min(box.gapEvery, rows - first);
    const begin = cellRect(layout, box, first, 0);
    const end = cellRect(layout, box, first + count - 1, 0);
    const [w, h] = [end.x + end.w - begin.x, end.y + end.h - begin.y];
    if (across) pen.drawImage(heatCanvas, 0, first, 1, count, begin.x, begin.y, w, h);
    else pen.drawImage(heatCanvas, first, 0, count, 1, begin.x, begin.y, w, h);
    frame(pen, palette.line, begin.x, begin.y, w, h);
  }
}

let heatOf: Palette | null = null;
let heatTable = new Uint32Array();

/** 257 colours from the most negative to the most positive value; they change quickly near 0, so that small numbers are visible. */
function heatColours(palette: Palette): Uint32Array {
  if (heatOf === palette) return heatTable;
  heatOf = palette;
  const zero = rgb(palette.zero);
  heatTable = Uint32Array.from({ length: 257 }, (_, at) => {
    const share = (at - 128) / 128;
    const [r, g, b] = mix(zero, rgb(share < 0 ? palette.negative : palette.positive), Math.abs(share) ** 0.7);
    return (255 << 24 | Math.round(b) << 16 | Math.round(g) << 8 | Math.round(r)) >>> 0;
  });
  return heatTable;
}

function frame(pen: Pen, colour: string, x: number, y: number, w: number, h: number): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1;
  pen.strokeRect(Math.round(x) - 0.5, Math.round(y) - 0.5, Math.round(w) + 1, Math.round(h) + 1);
}

function drawTiles(pen: Pen, { seen, layout, palette }: View, box: Box): void {
  seen.context.forEach((symbol, index) => {
    const { x, y, w, h } = cellRect(layout, box, index, 0);
    pen.fillStyle = palette.soft;
    pen.strokeStyle = palette.accent;
    pen.lineWidth = 1.5;
    pen.beginPath();
    pen.roundRect(x + 0.75, y + 0.75, w - 1.5, h - 1.5, 5);
    pen.fill();
    pen.stroke();
    write(pen, visible(symbol), x + w / 2, y + h / 2, palette.ink, `600 ${Math.min(17, h * 0.55)}px ${palette.mono}`, "center");
  });
}

function write(pen: Pen, text: string, x: number, y: number, colour: string, font: string, align: CanvasTextAlign): void {
  pen.fillStyle = colour;
  pen.font = font;
  pen.textAlign = align;
  pen.textBaseline = "middle";
  pen.fillText(text, x, y + 0.5);
}

/** The characters next to the rows of the table. */
function drawTableLabels(pen: Pen, { seen, layout, symbols, palette }: View): void {
  const box = findBox(layout, "embedding")!;
  const looked = new Set(seen.tokens);
  const size = Math.max(8, Math.min(14, layout.rowHeight * 0.82));
  symbols.forEach((symbol, token) => {
    const used = looked.has(token);
    const { x, y, w, h } = place(layout, box.u - LABEL, rowMiddle(box, token), LABEL - 4, 0);
    const font = `${used ? 700 : 400} ${size}px ${palette.mono}`;
    write(pen, visible(symbol), x + w / 2, y + h / 2, used ? palette.accent : palette.muted, font, "center");
    if (used) {
      const row = place(layout, box.u, box.v + token * layout.rowHeight, box.du, layout.rowHeight);
      pen.strokeStyle = palette.accent;
      pen.lineWidth = 2;
      pen.strokeRect(row.x, row.y, row.w, row.h);
    }
  });
}

function drawBars(pen: Pen, { seen, layout, symbols, palette, backward, target }: View, box: Box): void {
  const { values } = gridOf(seen, "prob", box.layer, backward);
  const most = largest(values);
  const size = Math.max(8, Math.min(14, layout.rowHeight * 0.82));
  const middle = backward ? 0.5 : 0;
  for (let token = 0; token < values.length; token++) {
    const value = values[token]!;
    const isTarget = token === target;
    const length = (value / most) * box.du * (backward ? 0.5 : 1);
    const thick = Math.max(1, Math.min(layout.rowHeight - 2, layout.rowHeight * 0.76));
    const v = rowMiddle(box, token) - thick / 2;
    const from = box.du * middle + Math.min(0, length);
    // A bar grows away from its character: to the right, or (if the picture flows down) upwards from the character below it.
    const u = layout.across ? box.u + from : box.u + box.du - from - Math.abs(length);
    const { x, y, w, h } = place(layout, u, v, Math.max(1, Math.abs(length)), thick);
    pen.fillStyle = isTarget ? palette.target : backward && value < 0 ? palette.negative : palette.positive;
    pen.fillRect(x, y, w, h);
    const label = place(layout, layout.across ? box.u - LABEL : box.u + box.du + 2, rowMiddle(box, token), LABEL - 4, 0);
    const font = `${isTarget ? 700 : 400} ${size}px ${palette.mono}`;
    write(pen, visible(symbols[token] ?? ""), label.x + label.w / 2, label.y + label.h / 2, isTarget ? palette.target : palette.ink, font, "center");
    if (layout.across) {
      const text = backward ? value.toFixed(3).replace("-", "−") : `${(value * 100).toFixed(value < 0.0995 ? 1 : 0)} %`;
      const at = box.u + box.du + 8;
      write(pen, text, at, label.y, isTarget ? palette.target : palette.muted, `${isTarget ? 700 : 400} ${Math.max(8, size - 2)}px ${palette.mono}`, "left");
    }
  }
}

/** A curve from one point to another, along the flow. */
function bend(pen: Pen, { across }: Layout, u1: number, v1: number, u2: number, v2: number): void {
  const half = (u1 + u2) / 2;
  pen.beginPath();
  if (across) {
    pen.moveTo(u1, v1);
    pen.bezierCurveTo(half, v1, half, v2, u2, v2);
  } else {
    pen.moveTo(v1, u1);
    pen.bezierCurveTo(v1, half, v2, half, v2, u2);
  }
  pen.stroke();
}

/** From each character to its row of the table, and from there to its position in the features. */
function drawLookups(pen: Pen, { seen, layout, palette, focus }: View): void {
  const [context, table, features] = (["context", "embedding", "features"] as const).map((part) => findBox(layout, part)!);
  const E = seen.shape.embedding_dim;
  seen.tokens.forEach((token, position) => {
    const lit = focus === null || concerns(focus, seen, position, token);
    pen.globalAlpha = lit ? 0.85 : 0.2;
    pen.strokeStyle = palette.accent;
    pen.lineWidth = 1.6;
    const row = rowMiddle(table!, token);
    bend(pen, layout, context!.u + context!.du, rowMiddle(context!, position), table!.u - LABEL, row);
    const [first, last] = [rowMiddle(features!, position * E), rowMiddle(features!, position * E + E - 1)];
    bend(pen, layout, table!.u + table!.du + 2, row, features!.u - 3, (first + last) / 2);
  });
  pen.globalAlpha = 1;
}

function concerns(focus: Spot, seen: Inspection, position: number, token: number): boolean {
  if (focus.part === "context") return focus.row === position;
  if (focus.part === "embedding") return focus.row === token;
  if (focus.part === "features") return Math.floor(focus.row / seen.shape.embedding_dim) === position;
  return true;
}

const SHOWN = 48;

/** The largest products of each layer; if a unit is selected, those of the unit. */
function drawLinks(pen: Pen, view: View): void {
  const { seen, layout, backward, focus } = view;
  for (let layer = 0; layer <= seen.hidden.length; layer++) {
    const from = layer === 0 ? findBox(layout, "features")! : findBox(layout, "unit", layer - 1)!;
    const to = findBox(layout, "weight", layer)!;
    const only = focus === null ? null : linksOf(focus, layer);
    stroke(pen, view, from, to, strongest(seen, layer, backward, SHOWN, only ?? undefined), only !== null);
  }
}

/** Which of a layer's products involve the selected part; null if no restriction applies. */
function linksOf(focus: Spot, layer: number): { to?: number; from?: number } | null {
  const { part, row, column } = focus;
  if (part === "weight" && focus.layer === layer) return { to: row, from: column };
  if (part === "unit" && focus.layer === layer) return { to: row };
  if (part === "unit" && focus.layer + 1 === layer) return { from: row };
  if (part === "prob" && focus.layer === layer) return { to: row };
  if (part === "features" && layer === 0) return { from: row };
  return null;
}

function stroke(pen: Pen, { layout, palette, focus }: View, from: Box, to: Box, links: Link[], chosen: boolean): void {
  const most = Math.max(1e-9, ...links.map((link) => Math.abs(link.value)));
  for (const link of links.reverse()) {
    const share = Math.abs(link.value) / most;
    pen.strokeStyle = link.value < 0 ? palette.negative : palette.positive;
    pen.globalAlpha = (chosen ? 0.35 : focus ? 0.06 : 0.12) + (chosen ? 0.6 : focus ? 0.1 : 0.5) * share;
    pen.lineWidth = 0.5 + (chosen ? 2.5 : 1.6) * share;
    bend(pen, layout, from.u + from.du + 2, rowMiddle(from, link.from), to.u - 1, rowMiddle(to, link.to));
  }
  pen.globalAlpha = 1;
}

function drawFocus(pen: Pen, { layout, palette, focus }: View): void {
  if (focus === null) return;
  const box = findBox(layout, focus.part, focus.layer);
  if (!box || focus.row >= box.rows) return;
  outline(pen, palette, cellRect(layout, box, focus.row, focus.column));
  // A unit's row of weights is next to it.
  const weights = focus.part === "unit" || focus.part === "prob" ? findBox(layout, "weight", focus.layer) : undefined;
  if (weights) {
    const [first, last] = [cellRect(layout, weights, focus.row, 0), cellRect(layout, weights, focus.row, weights.columns - 1)];
    outline(pen, palette, { x: first.x, y: first.y, w: last.x + last.w - first.x, h: last.y + last.h - first.y });
  }
}

function outline(pen: Pen, palette: Palette, { x, y, w, h }: { x: number; y: number; w: number; h: number }): void {
  const [width, height] = [Math.max(w, 5), Math.max(h, 5)];
  const [left, top] = [x + w / 2 - width / 2, y + h / 2 - height / 2];
  pen.strokeStyle = palette.surface;
  pen.lineWidth = 4;
  pen.strokeRect(left - 1, top - 1, width + 2, height + 2);
  pen.strokeStyle = palette.ink;
  pen.lineWidth = 2;
  pen.strokeRect(left - 1, top - 1, width + 2, height + 2);
}
