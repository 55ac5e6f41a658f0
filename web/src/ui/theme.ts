// Light and dark theme (the system's, unless the user chose one), and the colours for drawing on a canvas.
import { effect, signal } from "@preact/signals";
import { theme } from "../state/settings.ts";

export interface Palette {
  surface: string; ink: string; muted: string; line: string; strong: string;
  accent: string; soft: string; positive: string; negative: string; target: string; zero: string;
  sans: string; mono: string;
}

const system = matchMedia("(prefers-color-scheme: dark)");
export const dark = signal(system.matches);
export const palette = signal<Palette>(readPalette());

function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    surface: get("surface"), ink: get("ink"), muted: get("muted"), line: get("line"), strong: get("line-strong"),
    accent: get("accent"), soft: get("accent-soft"), positive: get("positive"), negative: get("negative"),
    target: get("target"), zero: get("zero"), sans: get("sans"), mono: get("mono"),
  };
}

export function followTheme(): void {
  const systemDark = signal(system.matches);
  system.addEventListener("change", () => { systemDark.value = system.matches; });
  effect(() => {
    dark.value = theme.value === "auto" ? systemDark.value : theme.value === "dark";
    document.documentElement.dataset.theme = dark.value ? "dark" : "light";
    palette.value = readPalette();
  });
}

export type Rgb = readonly [number, number, number];

/** "#rrggbb" as three bytes. */
export function rgb(hex: string): Rgb {
  const number = Number.parseInt(hex.slice(1), 16);
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

export const mix = (from: Rgb, to: Rgb, share: number): Rgb =>
  [from[0] + (to[0] - from[0]) * share, from[1] + (to[1] - from[1]) * share, from[2] + (to[2] - from[2]) * share];
