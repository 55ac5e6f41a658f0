// The training and validation loss, with the losses of counting models and of a uniform guess as lines.
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Baselines, Evaluation, Run } from "../engine/protocol.ts";
import { baselines, history, progress, run } from "../state/session.ts";
import { Panel } from "../ui/controls.tsx";
import { fixed, integer } from "../ui/format.ts";

interface Line { name: string; short: string; value: number; note: string }

export function LossCurves() {
  const begun = run.value;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSignal({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => {
      const { width, height } = entry!.contentRect;
      size.value = { width: Math.floor(width), height: Math.floor(height) };
    });
    observer.observe(frame.current!);
    return () => observer.disconnect();
  }, []);
  return (
    <Panel id="curves" title="Loss" lead="Nats per predicted character, the end mark included. Lower is better.">
      <div ref={frame} class="curves">
        {begun && size.value.width > 0 && <Chart begun={begun} points={history.value} {...size.value} />}
      </div>
      <Legend />
    </Panel>
  );
}

function Legend() {
  return (
    <ul class="row small legend">
      <li><svg width="26" height="8" aria-hidden="true"><path d="M0 4h26" class="train" /></svg> train: recent batches</li>
      <li><svg width="26" height="8" aria-hidden="true"><path d="M0 4h26" class="val" /></svg> val: names that it does not learn from</li>
    </ul>
  );
}

function linesOf({ symbols }: Run, counted: Baselines | null): Line[] {
  const V = symbols.length;
  const lines: Line[] = [{ name: `ln ${V}`, short: `ln ${V}`, value: Math.log(V), note: `all ${V} equally likely` }];
  if (counted === null) return lines;
  lines.push(
    { name: "unigram", short: "1-gram", value: counted.unigram, note: "character frequencies" },
    { name: "bigram", short: "2-gram", value: counted.bigram, note: "frequencies of pairs" },
  );
  if (counted.best_kneser_ney !== null) {
    lines.push({ name: "Kneser–Ney", short: "K–N", value: counted.best_kneser_ney, note: `counts, context ${counted.best_kneser_ney_context}` });
  }
  return lines;
}

function Chart({ begun, points, width, height }: { begun: Run; points: Evaluation[]; width: number; height: number }) {
  const lines = linesOf(begun, baselines.value);
  const wide = width > 560;
  const [left, right, top, bottom] = [34, wide ? 15.5 * rem() : 7.4 * rem(), 12, 30];
  const last = Math.max(progress.value?.step ?? 0, points.at(-1)?.step ?? 0, Math.min(begun.steps, 100));
  const values = points.flatMap((point) => (point.val_loss === null ? [point.train_loss] : [point.train_loss, point.val_loss]));
  const low = Math.min(...lines.map((line) => line.value), ...values);
  const high = Math.max(Math.log(begun.symbols.length) + 0.1, ...values);
  const floor = Math.max(0, low - (high - low) * 0.06);
  const x = (step: number) => left + (step / last) * (width - left - right);
  const y = (loss: number) => top + ((high - loss) / (high - floor)) * (height - top - bottom);
  const path = (of: (point: Evaluation) => number | null) => points
    .flatMap((point) => { const loss = of(point); return loss === null ? [] : [`${x(point.step).toFixed(1)} ${y(loss).toFixed(1)}`]; })
    .map((at, index) => `${index === 0 ? "M" : "L"}${at}`).join("");
  const labels = spread(lines.map((line) => ({ line, at: y(line.value) })), 1.25 * rem(), top, height - bottom);
  const ticks = nice(floor, high);
  const best = points.filter((point) => point.best && point.val_loss !== null).at(-1);
  return (
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={summary(points, lines)}>
      {ticks.map((tick) => (
        <g key={tick}>
          <path d={`M${left} ${y(tick)}H${width - right}`} class="grid" />
          <text x={left - 6} y={y(tick) + 4} text-anchor="end">{tick.toFixed(tick % 1 === 0 ? 0 : 1)}</text>
        </g>
      ))}
      {labels.map(({ line, at }) => (
        <g key={line.name} class="baseline">
          <path d={`M${left} ${y(line.value)}H${width - right}L${width - right + 8} ${at}`} fill="none" />
          <text x={width - right + 11} y={at + 4}>
            <tspan class="name">{`${wide ? line.name : line.short} ${fixed(line.value, 2)}`}</tspan>
            {wide && <tspan dx="5">{line.note}</tspan>}
          </text>
          {!wide && <text class="note" x={width - right - 4} y={y(line.value) - 4} text-anchor="end">{line.note}</text>}
        </g>
      ))}
      <path d={path((point) => point.train_loss)} class="train" />
      <path d={path((point) => point.val_loss)} class="val" />
      {best && <circle cx={x(best.step)} cy={y(best.val_loss!)} r="4.5" class="best"><title>best so far: {fixed(best.val_loss!)}</title></circle>}
      <path d={`M${left} ${height - bottom}H${width - right}`} class="axis" />
      <text x={left} y={height - 10}>0</text>
      <text x={width - right} y={height - 10} text-anchor="end">step {integer(last)}</text>
    </svg>
  );
}

/** The size of the page's text, which is larger on a projector. */
const rem = (): number => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

/** Moves labels apart so that none overlaps another. */
function spread<T extends { at: number }>(labels: T[], apart: number, top: number, bottom: number): T[] {
  const sorted = [...labels].sort((a, b) => a.at - b.at);
  let least = top;
  for (const label of sorted) {
    label.at = Math.max(label.at, least);
    least = label.at + apart;
  }
  let most = bottom;
  for (const label of sorted.reverse()) {
    label.at = Math.min(label.at, most);
    most = label.at - apart;
  }
  return sorted;
}

function nice(low: number, high: number): number[] {
  const span = high - low;
  const step = span > 12 ? 5 : span > 5 ? 2 : span > 2.2 ? 1 : span > 1 ? 0.5 : 0.2;
  const ticks: number[] = [];
  for (let tick = Math.ceil(low / step) * step; tick <= high + 1e-9; tick += step) ticks.push(Math.round(tick * 10) / 10);
  return ticks;
}

function summary(points: Evaluation[], lines: Line[]): string {
  const last = points.at(-1);
  const now = last ? `At step ${last.step}, train ${fixed(last.train_loss, 2)}${last.val_loss === null ? "" : `, val ${fixed(last.val_loss, 2)}`}.` : "No steps yet.";
  return `Loss curves. ${now} Lines: ${lines.map((line) => `${line.name} ${fixed(line.value, 2)}, ${line.note}`).join("; ")}.`;
}
