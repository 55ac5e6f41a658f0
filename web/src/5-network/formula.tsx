// What a part of the picture computes: its formula, and the same with the current numbers.
import type { ComponentChildren } from "preact";
import type { Inspection } from "../engine/protocol.ts";
import { fixed, percent, small, spoken, visible } from "../ui/format.ts";
import type { Spot } from "./layout.ts";
import { deltaOf, inputOf, layerOf, strongest, valueAt } from "./values.ts";

export interface Explanation {
  /** What it is, in words. */
  title: string;
  /** The formula, then its numbers. */
  lines: ComponentChildren[];
}

interface About { seen: Inspection; symbols: readonly string[]; backward: boolean; target: string }

const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";
const below = (number: number): string => [...String(number)].map((digit) => SUBSCRIPTS[Number(digit)]).join("");
/** Names of a layer's parts: W₁, a₁, z₁; those of the output layer are Wₒ and z. */
const mark = (seen: Inspection, layer: number): string => (layer < seen.hidden.length ? below(layer + 1) : "ₒ");
const inputName = (layer: number): string => (layer === 0 ? "x" : `a${below(layer)}`);
const logitName = (seen: Inspection, layer: number): string => (layer < seen.hidden.length ? `z${below(layer + 1)}` : "z");

/** "0.61·0.52 − 0.30·0.44 + … (5 more: +0.02)" */
function terms(parts: { a: number; b: number }[], total: number, everything: number): string {
  let text = "";
  let sum = 0;
  for (const { a, b } of parts) {
    text += `${text === "" ? "" : " + "}${bracket(a)}·${bracket(b)}`;
    sum += a * b;
  }
  const more = everything - parts.length;
  return more > 0 ? `${text} + … ${more} more: ${small(total - sum)}` : text;
}

const bracket = (value: number): string => (value < 0 ? `(${small(value)})` : small(value));

export function explain(about: About, spot: Spot | null): Explanation {
  if (spot === null) return whole(about);
  switch (spot.part) {
    case "context": return position(about, spot);
    case "embedding": return embedding(about, spot);
    case "features": return feature(about, spot);
    case "weight": return weight(about, spot);
    case "unit": return unit(about, spot);
    case "prob": return probability(about, spot);
  }
}

function whole({ seen, backward, target, symbols }: About): Explanation {
  const token = symbols.indexOf(target);
  const p = seen.probs[token] ?? 0;
  const context = seen.context.join("");
  if (backward && seen.backward) {
    return {
      title: "Backward: how the loss depends on every number",
      lines: [
        <>∂L/∂z = P − [target], then back through each layer: ∂L/∂a = Wᵀ·∂L/∂z, and ∂L/∂W = ∂L/∂z·aᵀ</>,
        <>for {context} → {visible(target)}: L = {fixed(seen.backward.loss)}. Increasing a blue number would increase the loss; increasing an orange number would decrease it.</>,
      ],
    };
  }
  return {
    title: `What comes after ${context}?`,
    lines: [
      <>loss = −ln P({visible(target)} | {context}) = −ln {fixed(p, 4)} = <b>{fixed(-Math.log(Math.max(p, 1e-30)))}</b> nats</>,
      <>guessing uniformly among {symbols.length} characters costs ln {symbols.length} = {fixed(Math.log(symbols.length), 2)}. <span class="hint">Point at any part, or move to it with Tab and the arrow keys.</span></>,
    ],
  };
}

function position({ seen, backward }: About, { row }: Spot): Explanation {
  const E = seen.shape.embedding_dim;
  const symbol = visible(seen.context[row] ?? "_");
  const token = seen.tokens[row]!;
  const share = (backward && seen.backward ? seen.backward.features : seen.features).slice(row * E, row * E + E);
  return {
    title: `Context, position ${row + 1} of ${seen.tokens.length}: ${seen.context[row] === "_" ? "padding before the name" : symbol}`,
    lines: [
      <>{symbol} is token {token}: it looks up row {token} of E</>,
      <>{backward ? "∂L/∂x" : "x"}[{row * E} … {row * E + E - 1}] = ({[...share].slice(0, 6).map((value) => small(value)).join(", ")}{E > 6 ? ", …" : ""})</>,
    ],
  };
}

function embedding({ seen, symbols, backward }: About, spot: Spot): Explanation {
  const { row, column } = spot;
  const symbol = visible(symbols[row] ?? "");
  const E = seen.shape.embedding_dim;
  const places = seen.tokens.flatMap((token, at) => (token === row ? [at] : []));
  const name = `E[${symbol}, ${column + 1}]`;
  if (backward && seen.backward) {
    const shares = places.map((at) => small(seen.backward!.features[at * E + column]!));
    return {
      title: `Gradient of the embedding of ${symbol}, number ${column + 1} of ${E}`,
      lines: [
        <>∂L/∂{name} = Σ of ∂L/∂x over the positions with {symbol}</>,
        places.length === 0 ? <>{symbol} is not in this context: 0</>
          : <>= {shares.join(" + ")}{places.length > 1 ? <> = <b>{small(valueAt(seen, spot, true))}</b></> : null}</>,
      ],
    };
  }
  return {
    title: `Embedding of ${symbol}, number ${column + 1} of ${E}`,
    lines: [
      <>{name} = <b>{small(valueAt(seen, spot, false))}</b>, learned like every weight</>,
      places.length === 0 ? <>{symbol} is not in this context, so this row is not looked up</>
        : <>looked up for position {places.map((at) => at + 1).join(" and ")} of the context</>,
    ],
  };
}

function feature({ seen, backward }: About, spot: Spot): Explanation {
  const E = seen.shape.embedding_dim;
  const [at, d] = [Math.floor(spot.row / E), spot.row % E];
  const symbol = visible(seen.context[at] ?? "_");
  if (backward && seen.backward) {
    const { weight: w, inputs, outputs } = layerOf(seen, 0);
    const delta = deltaOf(seen.backward, 0);
    const best = w ? strongest(seen, 0, true, 3, { from: spot.row }) : [];
    const value = valueAt(seen, spot, true);
    const name = mark(seen, 0);
    return {
      title: `Gradient of feature ${spot.row + 1}`,
      lines: [
        <>∂L/∂x[{spot.row + 1}] = Σᵤ W{name}[u, {spot.row + 1}]·∂L/∂{logitName(seen, 0)}[u]</>,
        <>= {terms(best.map(({ to }) => ({ a: w![to * inputs + spot.row]!, b: delta[to]! })), value, outputs)} = <b>{small(value)}</b></>,
      ],
    };
  }
  return {
    title: `Feature ${spot.row + 1} of ${seen.features.length}: position ${at + 1}, number ${d + 1}`,
    lines: [
      <>x = the looked-up rows, concatenated</>,
      <>x[{spot.row + 1}] = E[{symbol}, {d + 1}] = <b>{small(seen.features[spot.row]!)}</b></>,
    ],
  };
}

function weight({ seen, symbols, backward }: About, spot: Spot): Explanation {
  const { layer, row, column } = spot;
  const name = `W${mark(seen, layer)}[${layer < seen.hidden.length ? row + 1 : visible(symbols[row] ?? "")}, ${column + 1}]`;
  const input = inputOf(seen, layer)[column] ?? 0;
  const inName = `${inputName(layer)}[${column + 1}]`;
  const value = valueAt(seen, spot, false);
  const title = layer < seen.hidden.length ? `A weight of layer ${layer + 1}` : "A weight of the output layer";
  if (backward && seen.backward) {
    const delta = deltaOf(seen.backward, layer)[row] ?? 0;
    return {
      title: `Gradient of ${title.toLowerCase()}`,
      lines: [
        <>∂L/∂{name} = ∂L/∂{logitName(seen, layer)}[{row + 1}]·{inName}</>,
        <>= {bracket(delta)}·{bracket(input)} = <b>{small(valueAt(seen, spot, true))}</b>; the weight itself is {small(value)}</>,
      ],
    };
  }
  return {
    title,
    lines: [
      <>{name} = <b>{small(value)}</b>, multiplied by {inName} = {small(input)}</>,
      <>it adds {bracket(value)}·{bracket(input)} = {small(value * input)} to {logitName(seen, layer)}</>,
    ],
  };
}

/** b + Σ w·x with the largest products of this unit. */
function sum(seen: Inspection, layer: number, row: number): string {
  const { weight: w, inputs, bias, preactivation } = layerOf(seen, layer);
  const input = inputOf(seen, layer);
  const best = w ? strongest(seen, layer, false, 3, { to: row }) : [];
  const parts = best.map(({ from }) => ({ a: w![row * inputs + from]!, b: input[from]! }));
  return `${small(bias[row]!)} + ${terms(parts, preactivation[row]! - bias[row]!, inputs)}`;
}

function unit({ seen, backward }: About, spot: Spot): Explanation {
  const { layer, row } = spot;
  const here = seen.hidden[layer]!;
  const k = below(layer + 1);
  const phi = seen.shape.activation;
  const where = `layer ${layer + 1}, unit ${row + 1} of ${here.outputs}`;
  if (backward && seen.backward) {
    const next = layerOf(seen, layer + 1);
    const delta = deltaOf(seen.backward, layer + 1);
    const best = strongest(seen, layer + 1, true, 3, { from: row });
    const { activation, preactivation } = seen.backward.hidden[layer]!;
    const parts = best.map(({ to }) => ({ a: next.weight![to * next.inputs + row]!, b: delta[to]! }));
    const through = seen.hidden[layer + 1]?.residual ? " + the gradient through the residual connection" : "";
    return {
      title: `Gradient of ${where}`,
      lines: [
        <>∂L/∂a{k} = Σ W{mark(seen, layer + 1)}·∂L/∂{logitName(seen, layer + 1)}{through} = {terms(parts, activation[row]!, next.outputs)} = <b>{small(activation[row]!)}</b></>,
        <>∂L/∂z{k} = ∂L/∂a{k}·{phi}′(z{k}) = <b>{small(preactivation[row]!)}</b></>,
      ],
    };
  }
  const before = here.residual ? ` + ${small(inputOf(seen, layer)[row]!)}` : "";
  return {
    title: where[0]!.toUpperCase() + where.slice(1),
    lines: [
      <>z{k} = b{k} + W{k}·{inputName(layer)} = {sum(seen, layer, row)} = {small(here.preactivation[row]!)}</>,
      <>a{k} = {phi}(z{k}){here.residual ? ` + ${inputName(layer)}` : ""} = {phi}({small(here.preactivation[row]!)}){before} = <b>{small(here.activation[row]!)}</b></>,
    ],
  };
}

function probability({ seen, symbols, backward, target }: About, spot: Spot): Explanation {
  const { row, layer } = spot;
  const symbol = visible(symbols[row] ?? "");
  const p = seen.probs[row] ?? 0;
  if (backward && seen.backward) {
    const hit = symbols[row] === target;
    return {
      title: `Gradient of the logit of ${symbol}`,
      lines: [
        <>∂L/∂z[{symbol}] = P({symbol}) − {hit ? "1, because it is the target" : "0"}</>,
        <>= {fixed(p, 4)} − {hit ? 1 : 0} = <b>{small(seen.backward.logits[row]!)}</b>: {hit ? "it should increase" : "it should decrease"}</>,
      ],
    };
  }
  let total = 0;
  for (const logit of seen.logits) total += Math.exp(logit);
  return {
    title: `Probability that ${spoken(symbols[row] ?? "")} comes next`,
    lines: [
      <>z[{symbol}] = {sum(seen, layer, row)} = {small(seen.logits[row]!)}</>,
      <>P({symbol}) = exp(z[{symbol}]) / Σ exp(z) = {small(Math.exp(seen.logits[row]!))} / {small(total)} = <b>{percent(p)}</b></>,
    ],
  };
}

/** A short description of a spot, for a screen reader that moves over a part. */
export function say(about: About, spot: Spot): string {
  const value = small(valueAt(about.seen, spot, about.backward));
  const gradient = about.backward ? "gradient " : "";
  switch (spot.part) {
    case "context": return `position ${spot.row + 1}: ${spoken(about.seen.context[spot.row] ?? "_")}`;
    case "embedding": return `${spoken(about.symbols[spot.row] ?? "")}, number ${spot.column + 1}: ${gradient}${value}`;
    case "features": return `feature ${spot.row + 1}: ${gradient}${value}`;
    case "weight": return `row ${spot.row + 1}, column ${spot.column + 1}: ${gradient}${value}`;
    case "unit": return `unit ${spot.row + 1}: ${gradient}${value}`;
    case "prob": return `${spoken(about.symbols[spot.row] ?? "")}: ${about.backward ? `gradient ${value}` : percent(about.seen.probs[spot.row] ?? 0)}`;
  }
}
