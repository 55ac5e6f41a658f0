// The page: training at the top, then the lecture's steps from a prediction to names and verdicts.
import { ListChoice } from "./2-data/ListChoice.tsx";
import { DataPanel } from "./2-data/DataPanel.tsx";
import { EmbeddingMap } from "./4-embedding/EmbeddingMap.tsx";
import { Picture } from "./5-network/Picture.tsx";
import { LossCurves } from "./6-training/LossCurves.tsx";
import { Options } from "./6-training/Options.tsx";
import { Samples } from "./6-training/Samples.tsx";
import { Status, Transport } from "./6-training/Transport.tsx";
import { Generate } from "./7-generation/Generate.tsx";
import { Score } from "./8-scoring/Score.tsx";
import { Files } from "./9-files/Files.tsx";
import { LessonChoice, LessonText } from "./9-files/LessonChoice.tsx";
import { hello } from "./state/session.ts";
import { embed, show, shows, theme } from "./state/settings.ts";
import { Icon } from "./ui/controls.tsx";
import { dark } from "./ui/theme.ts";

const PLACES = [
  ["picture", "Prediction"], ["curves", "Training"], ["generate", "Generate"], ["score", "Score"], ["data", "Training names"],
  ["network", "Network"], ["share", "Share"],
] as const;

export function App() {
  const bare = embed.value;
  const learning = ["curves", "map", "samples"].filter(shows);
  const using = ["generate", "score"].filter(shows);
  return (
    <>
      {!bare && <a class="skip" href="#picture" onClick={(event) => go(event, "picture")}>Skip to the picture</a>}
      {!bare && <Top />}
      <main>
        <h1 class="visually-hidden">Nextchar: watch a network learn to write names</h1>
        <Transport />
        {!bare && <LessonText />}
        <Status />
        {shows("picture") && <Picture />}
        {learning.length > 0 && (
          <div class={`columns ${["", "", "two", "three"][learning.length]}`}>
            {shows("curves") && <LossCurves />}{shows("map") && <EmbeddingMap />}{shows("samples") && <Samples />}
          </div>
        )}
        {using.length > 0 && <div class={`columns ${using.length > 1 ? "two" : ""}`}>{shows("generate") && <Generate />}{shows("score") && <Score />}</div>}
        {!bare && shows("data") && <DataPanel />}
        {!bare && shows("network") && <Options />}
        {!bare && shows("share") && <Files />}
        {bare && <p class="small"><button type="button" class="plain" onClick={() => { embed.value = false; show.value = ""; }}>Show everything</button></p>}
        {!bare && <Foot />}
      </main>
    </>
  );
}

/** Scrolls there without changing the address, which contains the state. */
function go(event: Event, id: string): void {
  event.preventDefault();
  const place = document.getElementById(id);
  place?.scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  place?.focus({ preventScroll: true });
}

function Top() {
  return (
    <header class="top">
      <p class="brand"><b>Nextchar</b></p>
      <div class="choices"><LessonChoice /><ListChoice /></div>
      <nav aria-label="On this page">
        {PLACES.map(([id, name]) => <a key={id} href={`#${id}`} onClick={(event) => go(event, id)}>{name}</a>)}
      </nav>
      <div class="tools">
        <button
          type="button" aria-label={dark.value ? "Light" : "Dark"} title={`Switch to ${dark.value ? "light" : "dark"} colours`}
          onClick={() => { theme.value = dark.value ? "light" : "dark"; }}
        >
          <Icon name={dark.value ? "sun" : "moon"} />
        </button>
      </div>
    </header>
  );
}

function Foot() {
  return (
    <footer class="small muted">
      The engine is the Nextchar library {hello.value?.version}, compiled to WebAssembly ({hello.value?.instructions}). It runs in this
      browser: nothing is sent to or loaded from any other place. Based on the lecture <i>Next Token Prediction</i> (Nipun Batra,
      IIT Gandhinagar).
    </footer>
  );
}
