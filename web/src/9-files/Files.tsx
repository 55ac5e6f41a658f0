// Saving and sharing: the link, the model file, and the page that writes names by itself.
import { useSignal } from "@preact/signals";
import { address } from "../state/address.ts";
import { pack } from "../state/packing.ts";
import { fileLabel, fileModel, finished, openDefault, openFile, tryAsk } from "../state/session.ts";
import { embed, listName, ownNames, packedNames, show, slot } from "../state/settings.ts";
import { Panel } from "../ui/controls.tsx";
import { download } from "../ui/download.ts";
import { bytes, fixed, integer } from "../ui/format.ts";

export function Files() {
  return (
    <div class="columns two">
      <Panel id="file" title="The model file" lead="The same format that the command line reads and writes.">
        <ModelFile />
      </Panel>
      <Panel id="share" title="Share" lead="The address contains the whole state: settings, step, word and conditions.">
        <Share />
      </Panel>
    </div>
  );
}

function ModelFile() {
  const model = fileModel.value;
  const reports = finished.value?.reports;
  const save = async () => {
    const content = await tryAsk("save", {});
    if (content) download(content, "nextchar.safetensors", "application/octet-stream");
  };
  const exportPage = async () => {
    const content = await tryAsk("export_html", {}, "Making the page");
    if (content) download(content, "names.html", "text/html");
  };
  return (
    <>
      {model ? (
        <p>
          Current model: {fileLabel.value}. {model.family}, {integer(model.parameters)} parameters, {bytes(model.size)}
          {model.losses.val !== null && <>; validation loss {fixed(model.losses.val)}</>}{model.losses.test !== null && <>, test loss {fixed(model.losses.test)}</>}.
        </p>
      ) : <p class="muted">Finish a training run to make a model, open a file, or use the built-in model.</p>}
      {reports && (
        <table>
          <thead><tr><th scope="col">Part</th><th scope="col">Loss</th><th scope="col">Perplexity</th><th scope="col">Kneser–Ney</th><th scope="col">Bigram</th></tr></thead>
          <tbody>
            {(["train", "val", "test"] as const).flatMap((part) => {
              const report = reports[part];
              return report ? [<tr key={part}><th scope="row">{part}</th><td class="num">{fixed(report.loss, 4)}</td><td class="num">{fixed(report.perplexity, 2)}</td><td class="num">{report.baselines.best_kneser_ney === null ? "–" : fixed(report.baselines.best_kneser_ney, 4)}</td><td class="num">{fixed(report.baselines.bigram, 4)}</td></tr>] : [];
            })}
          </tbody>
        </table>
      )}
      {reports && model?.refitted && (
        <p class="small muted">These losses were measured before the model learnt the validation and test names, too. Now nothing is left to measure it on.</p>
      )}
      <div class="row">
        <button type="button" disabled={!model} onClick={() => { void save(); }}>Download the model</button>
        <button type="button" disabled={!model} onClick={() => { void exportPage(); }}>Download as one HTML page</button>
        <label class="button file">
          Open a model
          <input type="file" class="visually-hidden" accept=".safetensors" onChange={(event) => {
            const file = event.currentTarget.files?.[0];
            if (file) void openFile(file);
            event.currentTarget.value = "";
          }} />
        </label>
        {!model && <button type="button" onClick={() => { slot.value = "file"; void openDefault(); }}>Use the built-in model</button>}
      </div>
      <p class="small muted">The HTML page writes names from this model by itself, offline and without this program.</p>
    </>
  );
}

/** The largest packed length of a list in a link; a longer link would be unwieldy. */
const LONGEST = 4000;

function Share() {
  const said = useSignal("");
  const here = `${location.href.split(/[#?]/)[0]}`;
  const link = `${here}${address.value === "" ? "" : `#${address.value}`}`;
  const slides = `${here}#${[address.value, "embed=1", "show=picture"].filter(Boolean).join("&")}`;
  const copy = async (text: string, what: string) => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = `${what} was copied.`;
    } catch {
      said.value = "The browser did not allow copying. Select the address and copy it yourself.";
    }
  };
  const own = ownNames.value;
  const include = async (wanted: boolean) => {
    const packed = wanted && own ? await pack(own.bytes) : "";
    if (packed.length > LONGEST) said.value = `With these names the link would have ${integer(packed.length)} characters, which is too long. Share the file instead.`;
    else packedNames.value = packed;
  };
  return (
    <>
      <label class="field"><span>Link ({integer(link.length)} characters)</span><input type="text" class="mono" readOnly value={link} onFocus={(event) => event.currentTarget.select()} /></label>
      {listName.value === "own" && own && (
        <label class="check"><input type="checkbox" checked={packedNames.value !== ""} onChange={(event) => { void include(event.currentTarget.checked); }} /> include my names in the link (otherwise nobody else can see them)</label>
      )}
      <label class="field"><span>For slides: only the picture, without controls (or list several panels: show=picture,curves,map,samples,generate,score)</span><input type="text" class="mono" readOnly value={`<iframe src="${slides}" width="1100" height="720"></iframe>`} onFocus={(event) => event.currentTarget.select()} /></label>
      <div class="row">
        <button type="button" onClick={() => { void copy(link, "The link"); }}>Copy the link</button>
        <button type="button" onClick={() => { embed.value = true; show.value = "picture,curves,map,samples"; }}>Show without controls</button>
        <span role="status" class="small muted">{said.value}</span>
      </div>
    </>
  );
}
