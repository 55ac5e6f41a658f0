// The whole state of the page in the address, after "#": short keys, and only values that differ from the initial state.
import { computed, effect, type Signal, signal } from "@preact/signals";

interface Field {
  key: string;
  signal: Signal<unknown>;
  initial: string;
  write: () => string;
  read: (text: string) => void;
}

const fields = new Map<string, Field>();

function field<T>(key: string, initial: T, write: (value: T) => string, read: (text: string) => T): Signal<T> {
  const held = signal(initial);
  fields.set(key, {
    key,
    signal: held as Signal<unknown>,
    initial: write(initial),
    write: () => write(held.value),
    read: (text) => { held.value = read(text); },
  });
  return held;
}

/** Text; control characters are removed and the length is limited, since an address can come from anywhere. */
export const textField = (key: string, initial = "", most = 200): Signal<string> =>
  field(key, initial, (value) => value, (text) => text.replace(/[\u0000-\u001f]/g, "").slice(0, most));

/** One of a few words; anything else gives the initial value. */
export const choiceField = <T extends string>(key: string, choices: readonly T[], initial: T): Signal<T> =>
  field<T>(key, initial, (value) => value, (text) => choices.find((choice) => choice === text) ?? initial);

/** A number from `least` to `most`, or undefined if it is missing (the preset's value then applies). */
export const numberField = (key: string, initial?: number, least = 0, most = 1e6): Signal<number | undefined> =>
  field<number | undefined>(key, initial, (value) => (value === undefined ? "" : String(value)), (text) => {
    const value = Number(text);
    return text.trim() === "" || !Number.isFinite(value) ? undefined : Math.max(least, Math.min(most, value));
  });

export const switchField = (key: string, initial = false): Signal<boolean> =>
  field(key, initial, (value) => (value ? "1" : "0"), (text) => text !== "0" && text !== "false");

/** The current text after "#". */
export const address = computed(() => {
  const parts: string[] = [];
  for (const { key, initial, write } of fields.values()) {
    const text = write();
    if (text !== initial) parts.push(`${key}=${encode(text)}`);
  }
  return parts.join("&");
});

/** Keeps characters readable that a fragment may contain. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/%2C/g, ",").replace(/%3A/g, ":").replace(/%20/g, "+");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replace(/\+/g, " "));
  } catch {
    return "";
  }
}

function parse(fragment: string): Map<string, string> {
  const given = new Map<string, string>();
  for (const part of fragment.replace(/^[#?]/, "").split("&")) {
    const at = part.indexOf("=");
    if (part !== "") given.set(at < 0 ? part : part.slice(0, at), at < 0 ? "1" : decode(part.slice(at + 1)));
  }
  return given;
}

/** How many times an address has set the state. */
export let restorations = 0;

/** Sets the state from an address: fields that it does not name return to their initial values. */
export function restore(fragment: string, kept: readonly string[] = []): void {
  restorations++;
  const given = parse(fragment);
  for (const { key, initial, read } of fields.values()) {
    if (given.has(key)) read(given.get(key)!);
    else if (!kept.includes(key)) read(initial);
  }
}

/** Whether these fields have the values in an address, or their initial values if it does not name them. */
export function holds(fragment: string, keys: readonly string[]): boolean {
  const given = parse(fragment);
  return keys.every((key) => {
    const { initial, write } = fields.get(key)!;
    return write() === (given.get(key) ?? initial);
  });
}

/** Keeps the window's address and the state in sync, in both directions. */
export function followAddress(): void {
  restore(`${location.search.slice(1)}&${location.hash.slice(1)}`);
  let timer = 0;
  effect(() => {
    const wanted = address.value;
    clearTimeout(timer);
    timer = window.setTimeout(() => {
      if (location.hash.slice(1) !== wanted) {
        history.replaceState(null, "", wanted === "" ? location.pathname + location.search : `#${wanted}`);
      }
    }, 250);
  });
  addEventListener("hashchange", () => {
    if (location.hash.slice(1) === address.value) return;
    restore(location.hash);
  });
}
