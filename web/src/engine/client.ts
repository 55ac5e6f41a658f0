// The page's side of the engine: starts the worker, loads the assets that calls need, and turns messages into promises.
/// <reference types="vite/client" />
import { asset } from "./assets.ts";
import { composed } from "./composed.ts";
import type { AnswerMessage, CallMessage } from "./messages.ts";
import { EngineError } from "./module.ts";
import type { CallName, Calls, EmbeddedList, Engine, EngineEvent, Hello, Source } from "./protocol.ts";
import { interleaved, unfolded } from "./unpack.ts";
import EngineWorker from "./worker.ts?worker&inline";

export { EngineError } from "./module.ts";

/** The built-in model, as made by `nextchar train`; the engine adds its names from their list. */
const MODEL = { asset: "indian-names.planes", list: "indian-names" };

/** Starts the engine. Rejects with an `EngineError` if it cannot be loaded. */
export async function connect(): Promise<Engine> {
  const client = new Client(new EngineWorker());
  try {
    await client.boot();
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/** Starts loading an embedded list that will be needed soon. */
export function expectList(name: string): void {
  asset(`lists/${name}.folded`).catch(() => { /* reported by the call that reads the list */ });
}

interface Waiting {
  resolve(back: unknown): void;
  reject(error: EngineError): void;
}

class Client implements Engine {
  private readonly waiting = new Map<number, Waiting>();
  private readonly listeners = new Map<string, Set<(event: EngineEvent) => void>>();
  private calls = 0;
  private lists: EmbeddedList[] = [];
  private second: Client | undefined;

  private readonly worker: Worker;

  constructor(worker: Worker) {
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<AnswerMessage>) => this.receive(data);
    worker.onerror = (event) => this.fail(event.message || "the engine's worker could not be started");
  }

  async boot(): Promise<void> {
    const [wasm, lists] = await Promise.all([asset("engine.wasm"), asset("lists/lists.json")]);
    this.lists = JSON.parse(new TextDecoder().decode(lists)) as EmbeddedList[];
    await this.post("boot", { wasm });
  }

  async call<Name extends CallName>(name: Name, give: Calls[Name]["give"]): Promise<Calls[Name]["back"]> {
    if (name === "open_default") {
      const whole = await this.withLists({ bytes: interleaved(await asset(MODEL.asset)), source: { list: MODEL.list } });
      return this.post("open", whole) as Promise<Calls[Name]["back"]>;
    }
    if (name === "hello") {
      const back = (await this.post(name, give)) as Hello;
      return { ...back, lists: this.lists } as Calls[Name]["back"];
    }
    if (name === "export_html") {
      return this.generator((give as { title?: string }).title) as Promise<Calls[Name]["back"]>;
    }
    if (name === "baselines") return this.beside(name, give) as Promise<Calls[Name]["back"]>;
    return this.post(name, await this.withLists(give)) as Promise<Calls[Name]["back"]>;
  }

  on<Kind extends EngineEvent["event"]>(
    kind: Kind,
    listener: (event: Extract<EngineEvent, { event: Kind }>) => void,
  ): () => void {
    const listeners = this.listeners.get(kind) ?? new Set();
    this.listeners.set(kind, listeners);
    listeners.add(listener as (event: EngineEvent) => void);
    return () => listeners.delete(listener as (event: EngineEvent) => void);
  }

  close(): void {
    this.second?.close();
    this.worker.terminate();
    this.fail("the engine was closed");
  }

  /** Makes a call to a second worker, so that the first can continue training. */
  private async beside(call: string, give: unknown): Promise<unknown> {
    this.second?.close();
    const second = new Client(new EngineWorker());
    this.second = second;
    try {
      await second.boot();
      return await second.post(call, await second.withLists(give));
    } finally {
      second.close();
    }
  }

  /** The page crates/web/generator.html, filled with the engine and the opened model. */
  private async generator(title = "Names"): Promise<Uint8Array> {
    const [model, page, wasm] = await Promise.all([
      this.post("save", {}) as Promise<Uint8Array<ArrayBuffer>>, asset("generator.html"), asset("engine.wasm"),
    ]);
    const escaped = title.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
    const values = { TITLE: escaped, WASM: await base64(wasm), MODEL: await base64(model) };
    const filled = new TextDecoder().decode(page)
      .replace(/\{\{(\w+)\}\}/g, (_all, key: keyof typeof values) => values[key]);
    return new TextEncoder().encode(filled);
  }

  /** Adds the contents of the embedded lists that a call names. */
  private async withLists<Give>(give: Give): Promise<Give> {
    const loaded = { ...give } as { source?: Source; not_in?: Source };
    if (loaded.source) loaded.source = await this.withBytes(loaded.source);
    if (loaded.not_in) loaded.not_in = await this.withBytes(loaded.not_in);
    return loaded as Give;
  }

  private async withBytes(source: Source): Promise<Source> {
    if ("bytes" in source) return { ...source, bytes: composed(source.bytes) };
    if (!("list" in source)) return source;
    const list = this.lists.find(({ name }) => name === source.list);
    if (!list) throw new EngineError(`there is no embedded list ${JSON.stringify(source.list)}`);
    const bytes = unfolded(await asset(`lists/${list.name}.folded`), list.columns);
    return { ...source, bytes, alphabet: list.alphabet, columns: list.columns } as Source;
  }

  private post(call: string, give: unknown): Promise<unknown> {
    const id = ++this.calls;
    const message: CallMessage = { id, call, give };
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage(message);
    });
  }

  private receive(message: AnswerMessage): void {
    if ("event" in message) {
      for (const listener of this.listeners.get(message.event) ?? []) listener(message);
      return;
    }
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ("fault" in message) waiting?.reject(new EngineError(message.fault.message, message.fault.help));
    else waiting?.resolve(message.back);
  }

  private fail(why: string): void {
    for (const { reject } of this.waiting.values()) reject(new EngineError(why));
    this.waiting.clear();
  }
}

function base64(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve((reader.result as string).replace(/^[^,]*,/, ""));
    reader.onerror = () => reject(new EngineError("the file could not be created"));
    reader.readAsDataURL(new Blob([bytes]));
  });
}
