// Numbers for people: a real minus sign, thousands separators, a useful number of decimal places.

export const integer = (value: number): string => Math.round(value).toLocaleString("en");

const minus = (text: string): string => text.replace("-", "−");

export const fixed = (value: number, places = 3): string => minus(value.toFixed(places));

export const signed = (value: number, places = 3): string => (value >= 0 ? "+" : "") + fixed(value, places);

/** A gradient, or another number of unknown magnitude. */
export function small(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 0.001 && size < 1000 ? fixed(value, size < 0.1 ? 4 : 3) : minus(value.toExponential(1));
}

export function percent(share: number): string {
  if (share >= 0.9995 && share < 1) return "> 99.9 %";
  if (share >= 0.1) return `${(share * 100).toFixed(0)} %`;
  if (share >= 0.001) return `${(share * 100).toFixed(1)} %`;
  return share === 0 ? "0" : `${minus((share * 100).toExponential(0))} %`;
}

/** "1 in N", for small probabilities. */
export const oneIn = (share: number): string => (share > 0 ? `1 in ${integer(1 / share)}` : "never");

export const bytes = (count: number): string =>
  count < 1e6 ? `${(count / 1e3).toFixed(count < 1e4 ? 1 : 0)} kB` : `${(count / 1e6).toFixed(2)} MB`;

/** A visible form of a character: "␣" for a space, a carrier under a combining mark. */
export const visible = (symbol: string): string =>
  symbol === " " ? "␣" : /^\p{M}/u.test(symbol) ? `◌${symbol}` : symbol;

/** A character for a screen reader. */
export const spoken = (symbol: string): string => (symbol === "_" ? "end mark" : symbol === " " ? "space" : symbol);
