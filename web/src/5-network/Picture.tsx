// One prediction as a picture: context, embedding, features, layers, probabilities; forward or backward.
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { NameWindow } from "../3-windows/NameWindow.tsx";
import type { Inspection, Shape } from "../engine/protocol.ts";
import { fileModel, inspection, run, symbols, target } from "../state/session.ts";
import { backward, slot } from "../state/settings.ts";
import { CheckField, Panel } from "../ui/controls.tsx";
import { fixed } from "../ui/format.ts";
import { palette } from "../ui/theme.ts";
import { useVisible } from "../ui/visible.ts";
import { explain, say } from "./formula.tsx";
import { arrange, type Box, boxRect, findBox, type Layout, type Spot, spotAt } from "./layout.ts";
import { paint } from "./paint.ts";

export function Picture() {
  const frame = useRef<HTMLDivElement>(null);
  useVisible("picture", frame);
  const width = useWidth(frame);
  const seen = inspection.value;
  const countsAlone = (slot.value === "file" ? fileModel.value : run.value)?.family === "kneser-ney";
  return (
    <Panel
      id="picture" title="One prediction"
      lead="Each context character selects a row of numbers; layers of weights combine these rows into the probabilities of the next character."
    >
      <div class="row picture-controls"><NameWindow /><CheckField label="Backward: gradients" value={backward} /></div>
      <div ref={frame} class="picture-frame">
        {countsAlone ? <p class="muted">Counts alone have no layers to look into. Generate and Score can use them nevertheless.</p>
          : seen && width > 0 ? <Flow seen={seen} width={width} /> : <div class="picture-wait" aria-hidden="true" />}
      </div>
    </Panel>
  );
}

function useWidth(element: { current: HTMLElement | null }): number {
  const width = useSignal(0);
  useLayoutEffect(() => {
    const observer = new ResizeObserver(([entry]) => { width.value = Math.floor(entry!.contentRect.width); });
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return width.value;
}

/** The height that the picture may take, so that a laptop shows all of it. */
const room = (): number => innerHeight - 27.5 * Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

const arranged: { key: string; layout: Layout | null } = { key: "", layout: null };

function layoutOf(shape: Shape, width: number): Layout {
  const key = JSON.stringify([shape, width, innerHeight]);
  if (arranged.key !== key || arranged.layout === null) Object.assign(arranged, { key, layout: arrange(shape, width, room()) });
  return arranged.layout!;
}

function Flow({ seen, width }: { seen: Inspection; width: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const focus = useSignal<Spot | null>(null);
  const layout = layoutOf(seen.shape, width);
  const back = backward.value && seen.backward !== undefined;
  const token = target.value.token;
  const named = symbols.value;
  const spot = focus.value && withinShape(layout, focus.value) ? focus.value : null;

  useEffect(() => {
    const element = canvas.current!;
    const ratio = Math.min(devicePixelRatio || 1, 3);
    const [w, h] = [Math.round(layout.width * ratio), Math.round(layout.height * ratio)];
    if (element.width !== w || element.height !== h) Object.assign(element, { width: w, height: h });
    const pen = element.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    const at = named.indexOf(token);
    paint(pen, { seen, layout, symbols: named, palette: palette.value, backward: back, focus: spot, target: at < 0 ? null : at });
  }, [seen, layout, back, spot, token, named, palette.value]);

  const about = { seen, symbols: named, backward: back, target: token };
  const explained = explain(about, spot);
  const point = (event: PointerEvent) => {
    const area = canvas.current!.getBoundingClientRect();
    const found = spotAt(layout, event.clientX - area.left, event.clientY - area.top);
    const before = focus.peek();
    if (JSON.stringify(found) !== JSON.stringify(before)) focus.value = found;
  };
  return (
    <>
      <div class="picture" style={{ height: `${layout.height}px` }} onPointerMove={point} onPointerDown={point}
        onPointerLeave={(event) => { if (event.pointerType === "mouse") focus.value = null; }}>
        <canvas ref={canvas} style={{ width: `${layout.width}px`, height: `${layout.height}px` }} aria-hidden="true" />
        {layout.boxes.map((box) => <Heading key={`${box.part}${box.layer}`} box={box} layout={layout} seen={seen} back={back} />)}
        {layout.boxes.map((box) => (
          <Handle key={`${box.part}${box.layer}`} box={box} layout={layout} focus={focus} say={(spot) => say(about, spot)} />
        ))}
      </div>
      <div class="formula" id="formula">
        <h3>{explained.title}</h3>
        {explained.lines.map((line, at) => <p key={at} class="num">{line}</p>)}
      </div>
      {seen.model_probs && (
        <p class="small muted">
          This is the model's first network. The whole model (networks and counts) predicts {named[named.indexOf(token)] ?? token} with{" "}
          {fixed((seen.model_probs[named.indexOf(token)] ?? 0) * 100, 1)} %.
        </p>
      )}
    </>
  );
}

function withinShape(layout: Layout, spot: Spot): boolean {
  const box = findBox(layout, spot.part, spot.layer);
  return box !== undefined && spot.row < box.rows && spot.column < box.columns;
}

const title = (box: Box, seen: Inspection, back: boolean): [name: string, detail: string] => {
  const last = box.layer === seen.hidden.length;
  switch (box.part) {
    case "context": return ["Context", `${box.rows}`];
    case "embedding": return [back ? "∂L/∂E" : "Embedding E", `${box.rows} × ${box.columns}`];
    case "features": return [back ? "∂L/∂x" : "Features x", `${box.rows}`];
    case "weight": return [
      `${back ? "∂L/∂" : last ? "Output " : `Layer ${box.layer + 1} `}W${last ? "ₒ" : "₁₂₃₄₅₆₇₈₉"[box.layer]}`, `${box.rows} × ${box.columns}`,
    ];
    case "unit": return [`${back ? "∂L/∂" : ""}a${"₁₂₃₄₅₆₇₈₉"[box.layer]}`, ""];
    case "prob": return back ? ["∂L/∂z = P − target", ""] : ["P(next)", `${box.rows} classes`];
  }
};

function Heading({ box, layout, seen, back }: { box: Box; layout: Layout; seen: Inspection; back: boolean }) {
  const [name, detail] = title(box, seen, back);
  if (box.part === "unit" && !layout.across) return null;
  const { x, y, w } = boxRect(layout, box);
  const style = layout.across
    ? box.part === "context" ? { left: "0px", top: "0px" } : { left: `${x + w / 2}px`, top: "0px", transform: "translateX(-50%)" }
    : { right: "0px", top: `${y - (box.part === "embedding" ? 40 : box.part === "prob" ? 22 : 22)}px` };
  return (
    <div class={`heading ${layout.across ? "across" : "down"} ${box.part}`} style={style} aria-hidden="true">
      <b>{name}</b> <span>{detail}</span>
    </div>
  );
}

interface HandleProps { box: Box; layout: Layout; focus: { value: Spot | null }; say: (spot: Spot) => string }

const NAMES = {
  context: "Context", embedding: "Embedding table", features: "Features", weight: "Weights of layer", unit: "Units of layer",
  prob: "Probabilities of the next character",
} as const;

/** What the keyboard and screen readers use: a slider over the numbers of one part. */
function Handle({ box, layout, focus, say }: HandleProps) {
  const { x, y, w, h } = boxRect(layout, box);
  const held = useComputed(() => focus.value !== null && focus.value.part === box.part && (focus.value.layer === box.layer || box.part === "prob") ? focus.value : null);
  const spot = held.value ?? { part: box.part, layer: box.layer, row: 0, column: 0 };
  const name = box.part === "weight" || box.part === "unit" ? `${NAMES[box.part]} ${box.layer + 1}` : NAMES[box.part];
  const move = (event: KeyboardEvent) => {
    const along = layout.across ? ["ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft"] : ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"];
    let { row, column } = spot;
    if (event.key === along[0]) row++;
    else if (event.key === along[1]) row--;
    else if (event.key === along[2]) column++;
    else if (event.key === along[3]) column--;
    else if (event.key === "Home") row = 0;
    else if (event.key === "End") row = box.rows - 1;
    else if (event.key === "PageDown") row += 10;
    else if (event.key === "PageUp") row -= 10;
    else if (event.key === "Escape") { focus.value = null; return; }
    else return;
    event.preventDefault();
    focus.value = { ...spot, row: Math.max(0, Math.min(box.rows - 1, row)), column: Math.max(0, Math.min(box.columns - 1, column)) };
  };
  return (
    <div
      class="handle" role="slider" tabIndex={0} aria-label={name} aria-orientation={layout.across ? "vertical" : "horizontal"}
      aria-valuemin={1} aria-valuemax={box.rows} aria-valuenow={spot.row + 1} aria-valuetext={say(spot)} aria-describedby="formula"
      style={{ left: `${x - 3}px`, top: `${y - 3}px`, width: `${w + 6}px`, height: `${h + 6}px` }}
      onKeyDown={move}
      onFocus={(event) => { if (event.currentTarget.matches(":focus-visible")) focus.value = spot; }}
      onBlur={() => { focus.value = null; }}
    />
  );
}
