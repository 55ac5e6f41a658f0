// The engine's WebAssembly module: one call in, one answer out. It is the counterpart of crates/web/src/abi.rs,
// which defines the layout of requests and answers. Used by the worker, and by tests in Node.

interface Exports {
  memory: WebAssembly.Memory;
  input(length: number): number;
  call(): number;
  output(): number;
  catch_panics(): void;
  last_words(): number;
  last_words_len(): number;
}

/** Why the engine refused a call, and what to do. */
export class EngineError extends Error {
  readonly help: string | undefined;

  constructor(message: string, help?: string) {
    super(message);
    this.name = "EngineError";
    this.help = help;
  }
}

export class EngineModule {
  private readonly exports: Exports;
  /** Set by a panic, after which the module cannot be trusted. */
  private failure: string | undefined;

  private constructor(exports: Exports) {
    this.exports = exports;
    exports.catch_panics();
  }

  static async load(wasm: BufferSource): Promise<EngineModule> {
    const { instance } = await WebAssembly.instantiate(wasm, {});
    return new EngineModule(instance.exports as unknown as Exports);
  }

  /** Calls the engine; throws an `EngineError` if it refuses. */
  call<Back>(name: string, give: unknown): Back {
    if (this.failure !== undefined) throw new EngineError(this.failure, "reload the page");
    const [json, blobs] = encode({ call: name, give });
    const size = blobs.reduce((sum, blob) => sum + blob.length, 4 + json.length);
    try {
      const start = this.exports.input(size);
      const request = new Uint8Array(this.exports.memory.buffer, start, size);
      new DataView(request.buffer, start).setUint32(0, json.length, true);
      request.set(json, 4);
      let end = 4 + json.length;
      for (const blob of blobs) {
        request.set(blob, end);
        end += blob.length;
      }
      const length = this.exports.call();
      return decode<Back>(this.exports.memory.buffer, this.exports.output(), length);
    } catch (error) {
      if (error instanceof EngineError) throw error;
      this.failure = `the engine failed: ${this.lastWords() || String(error)}`;
      throw new EngineError(this.failure, "reload the page");
    }
  }

  private lastWords(): string {
    const [start, length] = [this.exports.last_words(), this.exports.last_words_len()];
    return new TextDecoder().decode(new Uint8Array(this.exports.memory.buffer, start, length));
  }
}

/** JSON in which byte strings are replaced by their positions, and the byte strings. Texts are passed in NFC. */
function encode(request: unknown): [Uint8Array, Uint8Array[]] {
  const blobs: Uint8Array[] = [];
  let end = 0;
  const json = JSON.stringify(request, (_key, value: unknown) => {
    if (typeof value === "string") return value.normalize();
    if (!(value instanceof Uint8Array)) return value;
    blobs.push(value);
    const start = end;
    end += value.length;
    return { $bytes: [start, value.length] };
  });
  return [new TextEncoder().encode(json), blobs];
}

/** The answer, with copies of its numbers and bytes that remain valid after the next call. */
function decode<Back>(memory: ArrayBufferLike, start: number, length: number): Back {
  const answer = memory.slice(start, start + length);
  const lengths = new Uint32Array(answer, 0, 3);
  const [json = 0, bytes = 0, floats = 0] = lengths;
  const numbers = new Float32Array(answer, 12, floats);
  const text = new TextDecoder().decode(new Uint8Array(answer, 12 + 4 * floats, json));
  const raw = new Uint8Array(answer, 12 + 4 * floats + json, bytes);
  const parsed = JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null) return value;
    if ("$f32" in value) {
      const [from, count] = value.$f32 as [number, number];
      return numbers.slice(from, from + count);
    }
    if ("$bytes" in value) {
      const [from, count] = value.$bytes as [number, number];
      return raw.slice(from, from + count);
    }
    return value;
  }) as { back: Back } | { fault: { message: string; help?: string } };
  if ("fault" in parsed) throw new EngineError(parsed.fault.message, parsed.fault.help);
  return parsed.back;
}
