// The whole state of the page in the address, after "#": short keys, and only what differs from the beginning.
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

/** Text; control characters are dropped and the length is bounded, since an address may come from anywhere. */
export const textField = (key: string, initial = "", most = 200): Signal<string> =>
  field(key, initial, (value) => value, (text) => text.replace(/[\u0000-\u001f]/g, "").slice(0, most));

/** One of a few words; anything else is the first state. */
export const choiceField = <T extends string>(key: string, choices: readonly T[], initial: T): Signal<T> =>
  field<T>(key, initial, (value) => value, (text) => choices.find((choice) => choice === text) ?? initial);

/** A number from `least` to `most`, or undefined where it is left out (then the preset's holds). */
export const numberField = (key: string, initial?: number, least = 0, most = 1e6): Signal<number | undefined> =>
  field<number | undefined>(key, initial, (value) => (value === undefined ? "" : String(value)), (text) => {
    const value = Number(text);
    return text.trim() === "" || !Number.isFinite(value) ? undefined : Math.max(least, Math.min(most, value));
  });

export const switchField = (key: string, initial = false): Signal<boolean> =>
  field(key, initial, (value) => (value ? "1" : "0"), (text) => text !== "0" && text !== "false");

/** What stands after "#" now. */
export const address = computed(() => {
  const parts: string[] = [];
  for (const { key, initial, write } of fields.values()) {
    const text = write();
    if (text !== initial) parts.push(`${key}=${encode(text)}`);
  }
  return parts.join("&");
});

/** Characters that a fragment may hold stay readable. */
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

/** Counts the times that an address set the state. */
export let restorations = 0;

/** Takes the state from an address: fields that it does not name return to their beginning. */
export function restore(fragment: string, kept: readonly string[] = []): void {
  restorations++;
  const given = parse(fragment);
  for (const { key, initial, read } of fields.values()) {
    if (given.has(key)) read(given.get(key)!);
    else if (!kept.includes(key)) read(initial);
  }
}

/** Whether these fields are as an address says, or as at the beginning where it is silent. */
export function holds(fragment: string, keys: readonly string[]): boolean {
  const given = parse(fragment);
  return keys.every((key) => {
    const { initial, write } = fields.get(key)!;
    return write() === (given.get(key) ?? initial);
  });
}

/** Keeps the address of the window and the state the same, both ways. */
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
