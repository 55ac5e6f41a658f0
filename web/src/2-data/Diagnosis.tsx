// What was found in the list, as reported by `nextchar data check`.
import type { Diagnosis as Found } from "../engine/protocol.ts";
import { diagnosis, hello, run, working } from "../state/session.ts";
import {
  alphabet, column, keepDuplicates, letterCase, listName, longest, ownNames, presetLengths, shortest, weights, where,
} from "../state/settings.ts";
import { CheckField, NumberField, SelectField, TextField } from "../ui/controls.tsx";
import { integer, visible } from "../ui/format.ts";

export function Diagnosis() {
  const found = diagnosis.value;
  if (!found) return <p class="muted">{listName.value === "own" && ownNames.value === null ? "Paste names, or open a file." : "Reading…"}</p>;
  return (
    <div class="diagnosis">
      {found.problem && <p class="notice bad"><b>This list cannot be used.</b> {found.problem}</p>}
      <p aria-live="polite">{summary(found)}{chosen(found)}{parts()}</p>
      {alphabet.value !== "data" && found.rejected_lines.some(({ reason }) => reason.includes("a–z")) && (
        <p class="notice row">
          Some lines contain characters other than a–z.
          <button type="button" onClick={() => { alphabet.value = "data"; }}>Allow all characters in the list</button>
        </p>
      )}
      {found.looks_like_header && <Header columns={found.looks_like_header} />}
      {found.rejected > 0 && <Rejected found={found} />}
      {found.names > 0 && <div class="histograms"><Histogram title="Lengths" counts={found.lengths} /><Histogram title="Characters" counts={found.letters} /></div>}
    </div>
  );
}

function summary(found: Found): string {
  const skipped = [
    [found.blank, "blank"], [found.duplicates, "duplicates"], [found.rejected, "rejected"],
    [found.filtered_by_length, "with another length"], [found.filtered_by_column, "with another value"],
  ] as const;
  const reasons = skipped.filter(([count]) => count > 0).map(([count, why]) => `${integer(count)} ${why}`);
  const names = `${integer(found.names)} different ${found.names === 1 ? "name" : "names"}`;
  return `${names} in ${integer(found.lines)} ${found.lines === 1 ? "line" : "lines"}${reasons.length > 0 ? ` (skipped: ${reasons.join(", ")})` : ""}.`;
}

/** What the list itself has told: its characters, and what its upper-case letters mean. */
function chosen(found: Found): string {
  if (found.names === 0) return "";
  const letters = found.alphabet === "data" ? ` They are learned in their own ${integer(Object.keys(found.letters).length)} characters` : " They are learned in the letters a–z";
  const rule = found.normalizer.case;
  const written = rule === "lower" ? "" : rule === "keep" ? ", in upper and lower case as they are"
    : rule === "upper" ? ", and written in upper case" : ", and written with an upper-case letter at the beginning of words";
  const others = found.case_exceptions > 0 ? ` (${integer(found.case_exceptions)} of them are written otherwise in your list)` : "";
  const cleaned = found.cleaned > 0 ? ` Invisible characters were dropped from ${integer(found.cleaned)} ${found.cleaned === 1 ? "line" : "lines"}.` : "";
  return `${letters}${written}${others}.${cleaned}`;
}

function parts(): string {
  const now = run.value;
  // Until the new list is counted, or if it cannot be used, these are the numbers of the old one.
  if (!now || working.value !== null || diagnosis.value?.problem) return "";
  const { train, val, test } = now.parts;
  return ` ${integer(train)} training names, ${integer(val)} validation names, ${integer(test)} test names. The training names have ${integer(now.examples)} windows with ${integer(now.contexts)} different contexts.`;
}

function Header({ columns }: { columns: string[] }) {
  return (
    <p class="notice row">
      The first line looks like a table header. The names are in column{" "}
      {columns.map((name) => (
        <button key={name} type="button" aria-pressed={column.value === name} onClick={() => { column.value = column.value === name ? "" : name; }}>{name}</button>
      ))}
    </p>
  );
}

function Rejected({ found }: { found: Found }) {
  return (
    <details>
      <summary>{integer(found.rejected)} rejected {found.rejected === 1 ? "line" : "lines"}</summary>
      <div class="scroll">
        <table>
          <thead><tr><th scope="col">Line</th><th scope="col">Text</th><th scope="col">Reason</th></tr></thead>
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
      <SelectField label="Characters" value={alphabet} choices={[["auto", "what suits the list"], ["az", "a–z"], ["data", "all in the list"]]} />
      <SelectField label="Upper case" value={letterCase} choices={[["auto", "what suits the list"], ["keep", "learn as it is"], ["lower", "make lower-case"]]} />
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
