// The position of every part of the picture. Pure geometry: u runs along the flow, v across it; a wide picture
// flows to the right, a narrow one downwards.
import type { Shape } from "../engine/protocol.ts";

export type PartName = "context" | "embedding" | "features" | "weight" | "unit" | "prob";

/** One number of the picture. `layer` counts matrices: 0 … L−1 the hidden layers, L the output. */
export interface Spot { part: PartName; layer: number; row: number; column: number }

export interface Box {
  part: PartName;
  layer: number;
  /** Rows run along v, columns along u. */
  rows: number;
  columns: number;
  u: number; v: number; du: number; dv: number;
  /** A gap of `gap` pixels after every `gapEvery` rows. */
  gap: number;
  gapEvery: number;
}

export interface Layout { width: number; height: number; across: boolean; boxes: Box[]; rowHeight: number }
export interface Rect { x: number; y: number; w: number; h: number }

const HEADING = 46;
export const LABEL = 22;
const UNIT = 18;

const tableWidth = ({ embedding_dim: E }: Shape): number => E * Math.max(4, Math.min(22, 100 / E));

export function arrange(shape: Shape, width: number, room: number): Layout {
  const least = 500 + tableWidth(shape) + (shape.hidden_sizes.length + 1) * 120;
  return width >= least ? arrangeAcross(shape, width, room) : arrangeDown(shape, width);
}

/** Boxes in sequence along u, each centred in `extent` along v. */
class Row {
  readonly boxes: Box[] = [];
  constructor(public u: number, private readonly top: number, private readonly extent: number) {}

  put(part: PartName, layer: number, rows: number, columns: number, du: number, dv = this.extent, gap = 0, gapEvery = 0): void {
    const v = this.top + (this.extent - dv) / 2;
    this.boxes.push({ part, layer, rows, columns, u: this.u, v, du, dv, gap, gapEvery });
    this.u += du;
  }
}

function arrangeAcross(shape: Shape, width: number, room: number): Layout {
  const { vocab_size: V, embedding_dim: E, context_length: T, hidden_sizes: hidden } = shape;
  const tall = Math.max(V * (V <= 32 ? Math.max(15, Math.min(25, room / V)) : Math.max(10, 480 / V)), 400);
  const matrix = Math.max(56, Math.min(150, width * 0.075));
  const bar = Math.max(90, Math.min(260, width * 0.14));
  const tile = Math.min(34, tall / (T * 1.25));
  const used = tile + LABEL + tableWidth(shape) + UNIT + hidden.length * (matrix + UNIT + 6) + matrix + LABEL + bar + 60;
  const between = (width - used) / (3 + hidden.length);

  const row = new Row(0, HEADING, tall);
  const tileGap = Math.min(tile * 0.25, 10);
  row.put("context", 0, T, 1, tile, T * (tile + tileGap) - tileGap, tileGap, 1);
  row.u += between + LABEL;
  row.put("embedding", 0, V, E, tableWidth(shape));
  row.u += between;
  const groupGap = T > 1 ? 8 : 0;
  row.put("features", 0, T * E, 1, UNIT, Math.min(tall, T * E * 22 + T * groupGap), groupGap, E);
  hidden.forEach((units, layer) => {
    row.u += between;
    row.put("weight", layer, units, hidden[layer - 1] ?? T * E, matrix);
    row.u += 6;
    row.put("unit", layer, units, 1, UNIT);
  });
  row.u += between;
  row.put("weight", hidden.length, V, hidden.at(-1) ?? T * E, matrix);
  row.u += LABEL + 4;
  row.put("prob", hidden.length, V, 1, bar);
  return { width, height: HEADING + tall + 6, across: true, boxes: row.boxes, rowHeight: tall / V };
}

function arrangeDown(shape: Shape, width: number): Layout {
  const { vocab_size: V, embedding_dim: E, context_length: T, hidden_sizes: hidden } = shape;
  const row = new Row(26, 0, width);
  const tile = Math.min(40, width / (T * 1.25));
  const tileGap = Math.min(8, tile * 0.2);
  row.put("context", 0, T, 1, tile, T * (tile + tileGap) - tileGap, tileGap, 1);
  row.u += 66;
  row.put("embedding", 0, V, E, Math.max(28, Math.min(120, E * 14)));
  row.u += 62;
  row.put("features", 0, T * E, 1, UNIT + 4, Math.min(width, T * E * 40), T > 1 ? 6 : 0, E);
  hidden.forEach((units, layer) => {
    row.u += 62;
    row.put("weight", layer, units, hidden[layer - 1] ?? T * E, 54);
    row.u += 5;
    row.put("unit", layer, units, 1, UNIT);
  });
  row.u += 62;
  row.put("weight", hidden.length, V, hidden.at(-1) ?? T * E, 54);
  row.u += 34;
  row.put("prob", hidden.length, V, 1, 110);
  return { width, height: row.u + 24, across: false, boxes: row.boxes, rowHeight: width / V };
}

/** The offset of a row from the box's edge, and its length. */
export function rowSpan(box: Box, row: number): [start: number, length: number] {
  const gaps = box.gapEvery > 0 ? box.gap * Math.floor((box.rows - 1) / box.gapEvery) : 0;
  const size = (box.dv - gaps) / box.rows;
  return [row * size + (box.gapEvery > 0 ? Math.floor(row / box.gapEvery) * box.gap : 0), size];
}

export function rowMiddle(box: Box, row: number): number {
  const [start, length] = rowSpan(box, row);
  return box.v + start + length / 2;
}

/** Converts (u, v) to screen coordinates. */
export const place = (layout: Layout, u: number, v: number, du: number, dv: number): Rect =>
  layout.across ? { x: u, y: v, w: du, h: dv } : { x: v, y: u, w: dv, h: du };

export const boxRect = (layout: Layout, box: Box): Rect => place(layout, box.u, box.v, box.du, box.dv);

export function cellRect(layout: Layout, box: Box, row: number, column: number): Rect {
  const [start, length] = rowSpan(box, row);
  const du = box.du / box.columns;
  return place(layout, box.u + column * du, box.v + start, du, length);
}

export const findBox = (layout: Layout, part: PartName, layer = 0): Box | undefined =>
  layout.boxes.find((box) => box.part === part && (box.layer === layer || part === "prob"));

/** The spot at a point; bars and narrow columns also accept points slightly beyond their edges. */
export function spotAt(layout: Layout, x: number, y: number): Spot | null {
  const [u, v] = layout.across ? [x, y] : [y, x];
  for (const box of layout.boxes) {
    const before = box.part === "prob" || box.part === "embedding" ? LABEL + 2 : box.columns === 1 ? 3 : 0;
    const after = box.part === "prob" ? (layout.across ? 60 : 24) : box.columns === 1 ? 3 : 0;
    if (u < box.u - before || u >= box.u + box.du + after || v < box.v || v >= box.v + box.dv) continue;
    let row = Math.min(box.rows - 1, Math.floor(((v - box.v) / box.dv) * box.rows));
    while (row > 0 && box.v + rowSpan(box, row)[0] > v) row--;
    while (row < box.rows - 1 && box.v + rowSpan(box, row + 1)[0] <= v) row++;
    const column = Math.max(0, Math.min(box.columns - 1, Math.floor(((u - box.u) / box.du) * box.columns)));
    return { part: box.part, layer: box.layer, row, column };
  }
  return null;
}
