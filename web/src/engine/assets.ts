// What the page loads from its own folder on demand: the engine, the model, the lists. Over http it is fetched;
// from disk, where browsers cannot fetch, it is loaded as a script that contains the same bytes.
import { EngineError } from "./module.ts";

declare global {
  // Called by the scripts that contain an asset.
  var nextcharAsset: ((name: string, base64: string) => void) | undefined;
}

const loaded = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

/** The bytes of a file under `assets/`; each is loaded once. */
export function asset(name: string): Promise<Uint8Array<ArrayBuffer>> {
  let bytes = loaded.get(name);
  if (!bytes) {
    const address = new URL(`assets/${name}`, document.baseURI);
    bytes = address.protocol === "file:" ? fromScript(name, address) : fetched(name, address);
    // A failure is not cached: the next call tries again.
    bytes.catch(() => loaded.delete(name));
    loaded.set(name, bytes);
  }
  return bytes;
}

const missing = (name: string) =>
  new EngineError(`${name} could not be loaded`, "it must be in the folder `assets` next to the page");

async function fetched(name: string, address: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw missing(name);
  return new Uint8Array(await response.arrayBuffer());
}

const awaited = new Map<string, (base64: string) => void>();

function fromScript(name: string, address: URL): Promise<Uint8Array<ArrayBuffer>> {
  globalThis.nextcharAsset ??= (name, base64) => awaited.get(name)?.(base64);
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    awaited.set(name, (base64) => {
      resolve(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0)));
    });
    script.onload = () => script.remove();
    script.onerror = () => reject(missing(name));
    script.src = `${address.href}.js`;
    document.head.append(script);
  });
}
