// The window that slides over a name: its characters predict the next one.
import { useRef } from "preact/hooks";
import { inspection, run, symbols, target, tryAsk } from "../state/session.ts";
import { place, readOptions, source, word } from "../state/settings.ts";
import { spoken, visible } from "../ui/format.ts";

/** Another name from the training list, with its middle character as the target. */
async function another(): Promise<void> {
  const names = await tryAsk("names", { source: source.peek(), read: readOptions.peek(), count: 1000 });
  if (!names || names.length === 0) return;
  const name = names[Math.floor(Math.random() * names.length)]!;
  word.value = name;
  place.value = Math.floor([...name].length / 2);
}

export function NameWindow() {
  const { characters, at } = target.value;
  const length = inspection.value?.shape.context_length ?? 3;
  const row = useRef<HTMLDivElement>(null);
  const move = (to: number) => {
    place.value = Math.max(0, Math.min(characters.length, to));
    row.current?.querySelectorAll<HTMLElement>("button")[place.value]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowRight") move(at + 1);
    else if (event.key === "ArrowLeft") move(at - 1);
    else if (event.key === "Home") move(0);
    else if (event.key === "End") move(characters.length);
    else return;
    event.preventDefault();
  };
  const tokens = [...characters, "_"];
  const pads = Math.max(0, length);
  const unknown = characters.filter((character) => symbols.value.length > 0 && !symbols.value.includes(character));
  return (
    <div class="name-window">
      <label class="field">
        <span>Any text</span>
        <input
          type="text" class="mono" value={word.value} maxLength={24} autocomplete="off" autocapitalize="off" spellcheck={false}
          onInput={(event) => {
            const typed = event.currentTarget.value.toLowerCase().replaceAll("_", "");
            word.value = typed;
            place.value = [...typed].length;
          }}
        />
      </label>
      <div class="tape" ref={row} role="group" aria-label="Slide the window: choose the character to predict" onKeyDown={onKeyDown}>
        {Array.from({ length: pads }, (_, pad) => (
          <span key={`pad${pad}`} class={`letter pad ${pad >= at ? "in" : ""}`} aria-hidden="true">_</span>
        ))}
        {tokens.map((symbol, index) => (
          <button
            key={index} type="button" tabIndex={index === at ? 0 : -1}
            class={`letter ${index === at ? "next" : index >= at - length && index < at ? "in" : ""}`}
            aria-pressed={index === at} aria-label={`predict ${spoken(symbol)}, position ${index + 1}`}
            onClick={() => move(index)}
          >
            {index === at ? <><small aria-hidden="true">?</small>{visible(symbol)}</> : visible(symbol)}
          </button>
        ))}
      </div>
      <button type="button" disabled={run.value === null} onClick={() => { void another(); }}>Another name</button>
      {unknown.length > 0 && <p class="small muted">This model has {symbols.value.length} characters; {unknown.map(visible).join(" ")} {unknown.length === 1 ? "is" : "are"} not among them.</p>}
    </div>
  );
}
