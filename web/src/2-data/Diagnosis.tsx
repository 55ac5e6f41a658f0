// What was found in the list, as `nextchar data check` tells it.
import type { Diagnosis as Found } from "../engine/protocol.ts";
import { diagnosis, hello, run, working } from "../state/session.ts";
import { alphabet, column, keepDuplicates, listName, longest, ownNames, presetLengths, shortest, weights, where } from "../state/settings.ts";
import { CheckField, NumberField, SelectField, TextField } from "../ui/controls.tsx";
import { integer, visible } from "../ui/format.ts";

export function Diagnosis() {
  const found = diagnosis.value;
  if (!found) return <p class="muted">{listName.value === "own" && ownNames.value === null ? "Paste names, or open a file." : "Reading…"}</p>;
  return (
    <div class="diagnosis">
      {found.problem && <p class="notice bad"><b>Nothing can be learnt from this.</b> {found.problem}</p>}
      <p aria-live="polite">{summary(found)}{parts()}</p>
      {alphabet.value !== "data" && found.rejected_lines.some(({ reason }) => reason.includes("a–z")) && (
        <p class="notice row">
          Some lines have other letters than a–z.
          <button type="button" onClick={() => { alphabet.value = "data"; }}>Take all characters that the list has</button>
        </p>
      )}
      {found.looks_like_header && <Header columns={found.looks_like_header} />}
      {found.rejected > 0 && <Rejected found={found} />}
      {found.names > 0 && <div class="histograms"><Histogram title="Lengths" counts={found.lengths} /><Histogram title="Characters" counts={found.letters} /></div>}
    </div>
  );
}

function summary(found: Found): string {
  const left = [
    [found.blank, "blank"], [found.duplicates, "again the same"], [found.rejected, "not usable"],
    [found.filtered_by_length, "of another length"], [found.filtered_by_column, "of another value"],
  ] as const;
  const out = left.filter(([count]) => count > 0).map(([count, why]) => `${integer(count)} ${why}`);
  return `${integer(found.names)} different names in ${integer(found.lines)} lines${out.length > 0 ? ` (left out: ${out.join(", ")})` : ""}.`;
}

function parts(): string {
  const now = run.value;
  // Until the new list is counted, and where it cannot be, these are the old one's.
  if (!now || working.value !== null || diagnosis.value?.problem) return "";
  const { train, val, test } = now.parts;
  return ` ${integer(train)} to learn from, ${integer(val)} for val, ${integer(test)} for test: ${integer(now.examples)} windows, which are ${integer(now.contexts)} different contexts.`;
}

function Header({ columns }: { columns: string[] }) {
  return (
    <p class="notice row">
      The first line looks like a table's header. Names are in column{" "}
      {columns.map((name) => (
        <button key={name} type="button" aria-pressed={column.value === name} onClick={() => { column.value = column.value === name ? "" : name; }}>{name}</button>
      ))}
    </p>
  );
}

function Rejected({ found }: { found: Found }) {
  return (
    <details>
      <summary>{integer(found.rejected)} {found.rejected === 1 ? "line was" : "lines were"} not usable</summary>
      <div class="scroll">
        <table>
          <thead><tr><th scope="col">Line</th><th scope="col">Text</th><th scope="col">Why</th></tr></thead>
          <tbody>
            {found.rejected_lines.slice(0, 50).map((line) => (
              <tr key={line.line}><td class="num">{line.line}</td><td class="mono cut">{line.text}</td><td>{line.reason}</td></tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

function Histogram({ title, counts }: { title: string; counts: Record<string, number> }) {
  const bars = Object.entries(counts);
  const most = Math.max(...bars.map(([, count]) => count));
  return (
    <figure>
      <figcaption class="small muted">{title}</figcaption>
      <div class="histogram" role="img" aria-label={`${title}: ${bars.map(([key, count]) => `${key} ${count}`).join(", ")}`}>
        {bars.map(([key, count]) => (
          <span key={key} title={`${key}: ${integer(count)}`}><i style={{ height: `${Math.max(2, (count / most) * 58)}px` }} />{visible(key)}</span>
        ))}
      </div>
    </figure>
  );
}

/** How the list is read. */
export function Reading() {
  const listed = hello.value?.lists.find((list) => list.name === listName.value);
  const columns = listed?.columns ?? [];
  const usual = listName.value === "own" ? undefined : presetLengths.value;
  return (
    <div class="fields roomy">
      <NumberField label="Shortest" value={shortest} min={1} max={60} otherwise={usual?.[0] ?? "any"} />
      <NumberField label="Longest" value={longest} min={1} max={60} otherwise={usual?.[1] ?? "any"} />
      <SelectField label="Characters" value={alphabet} choices={[["auto", "as suits the list"], ["az", "a–z"], ["data", "all it has"]]} />
      {columns.includes("gender")
        ? <SelectField label="Gender" value={where} choices={[["", "all"], ["gender=f", "female"], ["gender=m", "male"], ["gender=u", "either"]]} />
        : listName.value === "own" && (
          <>
            <TextField label="Only rows with" value={where} placeholder="column=value" />
            <TextField label="Column of counts" value={weights} placeholder="none" />
          </>
        )}
      <CheckField label="count duplicates" value={keepDuplicates} />
    </div>
  );
}
