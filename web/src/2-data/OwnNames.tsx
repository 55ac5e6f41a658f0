// The user's own names: pasted, opened, or dropped anywhere on the page. They never leave the page.
import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { openFile } from "../state/session.ts";
import { listName, ownNames, packedNames, PASTED } from "../state/settings.ts";
import { recall, remember } from "../state/own.ts";
import { unpack } from "../state/packing.ts";

const text = new TextEncoder();

/** Makes these bytes the list. */
function take(bytes: Uint8Array, label: string): void {
  packedNames.value = "";
  ownNames.value = { bytes, label };
  listName.value = "own";
  remember(bytes, label);
}

export function OwnNames() {
  const over = useSignal(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const timer = useRef(0);
  useEffect(() => { void restorePacked((names) => { if (area.current) area.current.value = names; }); }, [packedNames.value]);

  const show = (bytes: Uint8Array) => {
    if (area.current) area.current.value = bytes.length < 200_000 ? decoded(bytes) : "";
  };
  useEffect(() => {
    const kept = packedNames.peek() === "" ? recall() : null;
    if (kept === null || ownNames.peek() !== null) return;
    ownNames.value = kept;
    show(kept.bytes);
  }, []);
  const open = async (file: File | undefined) => {
    if (!file) return;
    if (file.name.endsWith(".safetensors")) return openFile(file);
    const bytes = new Uint8Array(await file.arrayBuffer());
    show(bytes);
    take(bytes, file.name);
  };
  useEffect(() => onFiles(over, (file) => { void open(file); }), []);
  return (
    <div class={`drop ${over.value ? "over" : ""}`}>
      <label class="field">
        <span>Your names, one per line; or drop a file of text, CSV, TSV or JSON Lines</span>
        <textarea
          id="own-text" ref={area} rows={6} spellcheck={false} placeholder={"aabid\naadesh\naashid\n…"}
          onInput={(event) => {
            const names = event.currentTarget.value;
            clearTimeout(timer.current);
            timer.current = window.setTimeout(() => take(text.encode(names), PASTED), 350);
          }}
        />
      </label>
      <div class="row">
        <label class="button file">
          Open a file
          <input type="file" class="visually-hidden" accept=".txt,.csv,.tsv,.jsonl,.gz,.zst,text/*" onChange={(event) => { void open(event.currentTarget.files?.[0]); event.currentTarget.value = ""; }} />
        </label>
        <p class="small muted grow">Nothing leaves this page: your names are read, counted and learned from in this browser.</p>
      </div>
    </div>
  );
}

/** The text of a file, for reading; nothing if it is a file of another kind. The engine reads the bytes themselves. */
function decoded(bytes: Uint8Array): string {
  const utf16 = bytes[0] === 0xff && bytes[1] === 0xfe ? "utf-16le" : bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : null;
  if (utf16) return new TextDecoder(utf16).decode(bytes);
  if (bytes.includes(0)) return "";
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** Files can be dropped anywhere; otherwise the browser would leave the page to show a file that misses its target. */
function onFiles(over: Signal<boolean>, take: (file: File | undefined) => void): () => void {
  const ends = new AbortController();
  const on = (kind: "dragover" | "dragleave" | "drop", act: (event: DragEvent) => void) => addEventListener(kind, (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    act(event);
  }, { signal: ends.signal });
  on("dragover", () => { over.value = true; });
  on("dragleave", ({ relatedTarget }) => { if (relatedTarget === null) over.value = false; });
  on("drop", ({ dataTransfer }) => {
    over.value = false;
    take(dataTransfer?.files[0]);
  });
  return () => ends.abort();
}

/** Restores a short list that is stored in the link. */
async function restorePacked(put: (names: string) => void): Promise<void> {
  const packed = packedNames.peek();
  if (packed === "" || ownNames.peek() !== null) return;
  const names = await unpack(packed);
  put(names);
  ownNames.value = { bytes: text.encode(names), label: "names from the link" };
}
