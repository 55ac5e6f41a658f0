// Restores what crates/web/src/bin/assets.rs packed to compress well.

/** A list as text: a header if it has columns, then a line for each name. */
export function unfolded(bytes: Uint8Array, columns: readonly string[]): Uint8Array {
  const [names = "", ...others] = new TextDecoder().decode(bytes).split("\n");
  const lines = columns.length > 0 ? [columns.join("\t")] : [];
  let before = "";
  const first = lines.length;
  for (const [, shared = "A", rest = ""] of names.matchAll(/([A-Z])([^A-Z]*)/g)) {
    before = before.slice(0, shared.charCodeAt(0) - 65) + rest;
    const row = lines.length - first;
    lines.push([before, ...others.map((column) => column[row])].join("\t"));
  }
  return new TextEncoder().encode(`${lines.join("\n")}\n`);
}

/** A model file from one in which the bytes of the numbers are grouped by position. */
export function interleaved(bytes: Uint8Array): Uint8Array {
  const start = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const whole = bytes.slice();
  const count = (bytes.length - start) / 4;
  for (let number = 0; number < count; number++) {
    for (let place = 0; place < 4; place++) {
      whole[start + 4 * number + place] = bytes[start + place * count + number]!;
    }
  }
  return whole;
}
