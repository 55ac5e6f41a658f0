// The user's own list during a visit, so that reloading the page does not lose it. It stays in this browser tab.

const KEY = "nextchar-names";
/** Larger lists are not kept: browsers limit this store to about 5 MB. */
const LARGEST = 1_500_000;

/** Keeps a list until the tab is closed. */
export function remember(bytes: Uint8Array, label: string): void {
  try {
    if (bytes.length > LARGEST) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify({ label, content: btoa(binary(bytes)) }));
  } catch {
    // A browser that forbids or fills the store loses the list when the page is reloaded.
  }
}

/** The list that was kept, if there is one. */
export function recall(): { bytes: Uint8Array; label: string } | null {
  try {
    const kept = sessionStorage.getItem(KEY);
    if (kept === null) return null;
    const { label, content } = JSON.parse(kept) as { label: string; content: string };
    return { label, bytes: Uint8Array.from(atob(content), (character) => character.charCodeAt(0)) };
  } catch {
    return null;
  }
}

function binary(bytes: Uint8Array): string {
  const portions: string[] = [];
  for (let start = 0; start < bytes.length; start += 8192) portions.push(String.fromCharCode(...bytes.subarray(start, start + 8192)));
  return portions.join("");
}
