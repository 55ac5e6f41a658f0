// The numbers in the picture: forward, the values themselves; backward, the gradient of the loss.
import type { Backward, Inspection } from "../engine/protocol.ts";
import type { PartName, Spot } from "./layout.ts";

/** A matrix of the picture, row-major. */
export interface Grid { rows: number; columns: number; values: Float32Array }

const NOTHING = new Float32Array();

/** The input of a matrix: the features, or the previous layer. */
export const inputOf = (seen: Inspection, layer: number): Float32Array =>
  layer === 0 ? seen.features : seen.hidden[layer - 1]!.activation;

export const layerOf = (seen: Inspection, layer: number) => seen.hidden[layer] ?? seen.output;

/** The gradient of the loss with respect to the output of a matrix, before φ. */
export const deltaOf = (back: Backward, layer: number): Float32Array =>
  back.hidden[layer]?.preactivation ?? back.logits;

export function gridOf(seen: Inspection, part: PartName, layer: number, backward: boolean): Grid {
  const { embedding_dim: E, vocab_size: V } = seen.shape;
  const back = backward ? seen.backward : undefined;
  switch (part) {
    case "context": return { rows: seen.tokens.length, columns: 1, values: Float32Array.from(seen.tokens) };
    case "embedding": return { rows: V, columns: E, values: (back ? back.embedding : seen.embedding) ?? NOTHING };
    case "features": return { rows: seen.features.length, columns: 1, values: back ? back.features : seen.features };
    case "weight": {
      const { outputs, inputs, weight } = layerOf(seen, layer);
      const gradient = back && (back.hidden[layer] ?? back.output).weight;
      return { rows: outputs, columns: inputs, values: (back ? gradient : weight) ?? NOTHING };
    }
    case "unit": {
      const values = back ? back.hidden[layer]!.activation : seen.hidden[layer]!.activation;
      return { rows: values.length, columns: 1, values };
    }
    case "prob": return { rows: V, columns: 1, values: back ? back.logits : seen.probs };
  }
}

export function valueAt(seen: Inspection, spot: Spot, backward: boolean): number {
  const grid = gridOf(seen, spot.part, spot.layer, backward);
  return grid.values[spot.row * grid.columns + spot.column] ?? 0;
}

/** A product that contributes to a unit's sum (forward) or to an input's gradient (backward). */
export interface Link { from: number; to: number; value: number }

/**
 * The largest products of a layer: forward w·x, backward w·∂L/∂z. With `only`, just those of one output or one
 * input.
 */
export function strongest(
  seen: Inspection, layer: number, backward: boolean, count: number, only?: { to?: number; from?: number },
): Link[] {
  const { weight, inputs, outputs } = layerOf(seen, layer);
  if (!weight) return [];
  const input = inputOf(seen, layer);
  const delta = backward && seen.backward ? deltaOf(seen.backward, layer) : null;
  const kept: Link[] = [];
  let least = 0;
  const [firstTo, lastTo] = only?.to === undefined ? [0, outputs] : [only.to, only.to + 1];
  const [firstFrom, lastFrom] = only?.from === undefined ? [0, inputs] : [only.from, only.from + 1];
  for (let to = firstTo; to < lastTo; to++) {
    for (let from = firstFrom; from < lastFrom; from++) {
      const w = weight[to * inputs + from]!;
      const value = w * (delta ? delta[to]! : input[from]!);
      if (Math.abs(value) <= least) continue;
      kept.push({ from, to, value });
      if (kept.length >= count * 4) least = keepLargest(kept, count);
    }
  }
  keepLargest(kept, count);
  return kept;
}

/** Keeps the `count` largest; returns the smallest of them. */
function keepLargest(links: Link[], count: number): number {
  links.sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  links.length = Math.min(links.length, count);
  return links.length < count ? 0 : Math.abs(links.at(-1)!.value);
}

/** The largest absolute value, for the scale of the colours; never 0. */
export function largest(values: Float32Array): number {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
