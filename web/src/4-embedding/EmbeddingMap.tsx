// The characters as points in the plane, which move while the network learns.
import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Plane } from "../engine/protocol.ts";
import { ask, modelEdition, plane, symbols, target } from "../state/session.ts";
import { slot } from "../state/settings.ts";
import { Panel } from "../ui/controls.tsx";
import { fixed, spoken, visible } from "../ui/format.ts";
import { useVisible } from "../ui/visible.ts";

const SIZE = 400;
const MARGIN = 24;
const VOWELS = new Set("aeiouAEIOUअआइईउऊऋएऐओऔअািীুূৃেৈোৌ");
/** Vowels, vowel signs of the Indian scripts, or neither. */
const isVowel = (symbol: string): boolean => VOWELS.has(symbol) || /^\p{M}/u.test(symbol);

export function EmbeddingMap() {
  const frame = useRef<HTMLDivElement>(null);
  const svg = useRef<SVGSVGElement>(null);
  useVisible("map", frame);
  useEffect(() => effect(() => { if (plane.value && svg.current) move(svg.current, plane.value); }), []);
  const now = plane.peek();
  const named = symbols.value;
  const looked = new Set(target.value.context);
  const chosen = useSignal<number | null>(null);
  const alike = useAlike(chosen.value === null ? undefined : named[chosen.value]);
  const choose = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    chosen.value = ((chosen.value ?? 0) + by + named.length) % named.length;
  };
  return (
    <Panel id="map" title="Embedding map" lead={<Axes />}>
      <div
        ref={frame} class="map" role="slider" tabIndex={0} aria-label={describe(now)} aria-valuemin={0}
        aria-valuemax={Math.max(0, named.length - 1)} aria-valuenow={chosen.value ?? 0} aria-valuetext={alike ?? "choose a character"}
        onKeyDown={choose} onBlur={() => { chosen.value = null; }}
      >
        <svg ref={svg} viewBox={`0 0 ${SIZE} ${SIZE}`} aria-hidden="true">
          <path d="M0 0" class="axes" />
          {named.map((symbol, token) => (
            <g key={token} onPointerEnter={() => { chosen.value = token; }} class={`point ${chosen.value === token ? "chosen" : ""} ${token === 0 ? "end" : isVowel(symbol) ? "vowel" : "consonant"} ${looked.has(symbol) ? "looked" : ""}`}>
              {token === 0 ? <rect x="-11" y="-11" width="22" height="22" transform="rotate(45) scale(.8)" />
                : isVowel(symbol) ? <circle r="10.5" /> : <rect x="-9" y="-9" width="18" height="18" rx="3" />}
              <text y={token === 0 ? -5 : 1}>{visible(symbol)}</text>
            </g>
          ))}
        </svg>
      </div>
      <p class="small alike" aria-hidden="true">{alike ?? <span class="muted">Point at a character, or use the arrow keys, to see which characters are most similar to it.</span>}</p>
      <ul class="row small legend map-legend">
        <li><svg width="18" height="18" viewBox="-13 -13 26 26" class="point vowel" aria-hidden="true"><circle r="11" /></svg> vowel</li>
        <li><svg width="18" height="18" viewBox="-13 -13 26 26" class="point consonant" aria-hidden="true"><rect x="-10" y="-10" width="20" height="20" rx="3" /></svg> consonant</li>
        <li><svg width="18" height="18" viewBox="-13 -13 26 26" class="point end" aria-hidden="true"><rect x="-9" y="-9" width="18" height="18" transform="rotate(45)" /></svg> end mark</li>
      </ul>
    </Panel>
  );
}

/** The characters with the most similar embeddings to one, in words. */
function useAlike(letter: string | undefined): string | null {
  const text = useSignal<string | null>(null);
  useEffect(() => {
    let current = true;
    text.value = null;
    if (letter !== undefined) {
      ask("neighbors", { model: slot.peek(), letter }).then((near) => {
        const three = near.filter(({ token }) => token !== letter).slice(0, 4);
        if (current) text.value = `${spoken(letter)} is most similar to ${three.map(({ token, similarity }) => `${spoken(token)} (${fixed(similarity, 2)})`).join(", ")}`;
      }, () => { /* a counts-only model has no embedding */ });
    }
    return () => { current = false; };
  }, [letter, modelEdition.value]);
  return text.value;
}

function Axes() {
  const axes = plane.value?.axes;
  const explained = plane.value?.explained;
  if (axes === "principal") {
    return <>The first two principal components{explained ? `: ${fixed((explained[0] + explained[1]) * 100, 0)} % of the variance` : ""}.</>;
  }
  return <>The two numbers of each character, unchanged.</>;
}

/** Positions every character; the scale changes rarely, so that movements are those of the characters. */
let reach = 1;
function move(svg: SVGSVGElement, { points, axes }: Plane): void {
  let most = 1e-6;
  let [cx, cy] = [0, 0];
  const count = points.length / 2;
  if (axes === "principal") {
    for (let at = 0; at < count; at++) { cx += points[2 * at]! / count; cy += points[2 * at + 1]! / count; }
  }
  for (let at = 0; at < points.length; at += 2) {
    most = Math.max(most, Math.abs(points[at]! - cx), Math.abs(points[at + 1]! - cy));
  }
  reach = most > reach || most < reach * 0.7 ? most : reach;
  const half = SIZE / 2;
  const scale = (half - MARGIN) / reach;
  svg.querySelectorAll<SVGGElement>("g.point").forEach((group, token) => {
    if (2 * token + 1 >= points.length) return;
    const x = half + (points[2 * token]! - cx) * scale;
    const y = half - (points[2 * token + 1]! - cy) * scale;
    group.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)})`);
  });
  svg.querySelector(".axes")!.setAttribute("d", `M0 ${half + cy * scale}H${SIZE}M${half - cx * scale} 0V${SIZE}`);
}

/** The nearest neighbour of each vowel, in words. */
function describe(now: Plane | null): string {
  if (!now) return "Map of the characters; still empty";
  const { points, symbols: named } = now;
  const near = named.flatMap((symbol, token) => {
    if (!"aeiou".includes(symbol)) return [];
    let [best, least] = [-1, Number.POSITIVE_INFINITY];
    for (let other = 0; other < named.length; other++) {
      const far = Math.hypot(points[2 * token]! - points[2 * other]!, points[2 * token + 1]! - points[2 * other + 1]!);
      if (other !== token && far < least) [best, least] = [other, far];
    }
    return [`${symbol} is nearest to ${spoken(named[best] ?? "")}`];
  });
  return `Map of the characters: ${near.join(", ") || `${named.length} characters`}`;
}
