// Normalises lists for the engine: accents are composed with their letters (Unicode's NFC). The program contains
// the tables for this; in the page, the browser's own are used.

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const NEWLINE = 10;

/** The same text in NFC; lines that are not UTF-8 are unchanged, so that the engine can report them. */
export function composed(bytes: Uint8Array): Uint8Array {
  if (bytes.every((byte) => byte < 0x80)) return bytes;
  const whole = inNfc(bytes);
  if (whole) return whole;
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length;) {
    const at = bytes.indexOf(NEWLINE, start);
    const end = at < 0 ? bytes.length : at + 1;
    const line = bytes.subarray(start, end);
    lines.push(inNfc(line) ?? line);
    start = end;
  }
  return joined(lines);
}

function inNfc(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return new TextEncoder().encode(text.decode(bytes).normalize());
  } catch {
    return undefined;
  }
}

function joined(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}
