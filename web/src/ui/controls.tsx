// The few controls that the page consists of: labelled fields bound to a signal, and panels.
import type { Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface PanelProps {
  id: string;
  title: ComponentChildren;
  lead?: ComponentChildren;
  aside?: ComponentChildren;
  children: ComponentChildren;
}

export function Panel({ id, title, lead, aside, children }: PanelProps) {
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`} tabIndex={-1}>
      <header>
        <h2 id={`${id}-title`}>{title}</h2>
        {lead && <p class="lead">{lead}</p>}
        {aside && <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export function TextField(props: { label: string; value: Signal<string>; placeholder?: string; class?: string; wide?: boolean }) {
  return (
    <label class={`field ${props.wide ? "wide" : ""}`}>
      <span>{props.label}</span>
      <input
        type="text" class={props.class} placeholder={props.placeholder} value={props.value.value}
        autocomplete="off" autocapitalize="off" spellcheck={false}
        onInput={(event) => { props.value.value = event.currentTarget.value; }}
      />
    </label>
  );
}

interface NumberProps {
  label: string;
  value: Signal<number | undefined>;
  min?: number;
  max?: number;
  step?: number | "any";
  /** The value that applies if the field is empty. */
  otherwise?: string | number | null;
}

export function NumberField({ label, value, min, max, step = 1, otherwise }: NumberProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number" class="num" min={min} max={max} step={step} placeholder={otherwise == null ? "" : String(otherwise)}
        value={value.value ?? ""}
        onInput={(event) => {
          const { value: text, validity } = event.currentTarget;
          if (text === "") value.value = undefined;
          else if (validity.valid) value.value = Number(text);
        }}
      />
    </label>
  );
}

type Choices<T extends string> = readonly (readonly [value: T, text: string])[];

export function SelectField<T extends string>(props: { label: string; value: Signal<T>; choices: Choices<T>; wide?: boolean }) {
  return (
    <label class={`field ${props.wide ? "wide" : ""}`}>
      <span>{props.label}</span>
      <select value={props.value.value} onChange={(event) => { props.value.value = event.currentTarget.value as T; }}>
        {props.choices.map(([value, text]) => <option key={value} value={value}>{text}</option>)}
      </select>
    </label>
  );
}

export function CheckField(props: { label: ComponentChildren; value: Signal<boolean>; disabled?: boolean }) {
  return (
    <label class="check">
      <input
        type="checkbox" checked={props.value.value} disabled={props.disabled}
        onChange={(event) => { props.value.value = event.currentTarget.checked; }}
      />
      {props.label}
    </label>
  );
}

/** A choice between a few options, all of them visible. */
export function Segments<T extends string>(props: { label: string; value: Signal<T>; choices: Choices<T> }) {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="visually-hidden">{props.label}</legend>
      {props.choices.map(([value, text]) => (
        <label key={value}>
          <input
            type="radio" name={name} value={value} checked={props.value.value === value}
            onChange={() => { props.value.value = value; }}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  step: "M3 2.5v11l7-5.5zM11 2.5h2v11h-2z",
  reset: "M8 3a5 5 0 1 1-4.7 3.3l1.5.5A3.4 3.4 0 1 0 8 4.6V7L4 3.8 8 .6z",
  sun: "M8 4.6a3.4 3.4 0 1 1 0 6.8 3.4 3.4 0 0 1 0-6.8zM7.3.6h1.4v2.3H7.3zM7.3 13.1h1.4v2.3H7.3zM.6 7.3h2.3v1.4H.6zM13.1 7.3h2.3v1.4h-2.3zM2.3 3.3l1-1 1.6 1.6-1 1zM11.1 12.1l1-1 1.6 1.6-1 1zM12.7 2.3l1 1-1.6 1.6-1-1zM3.9 11.1l1 1-1.6 1.6-1-1z",
  moon: "M6.2 1.6a6.6 6.6 0 1 0 8.2 8.2A5.4 5.4 0 0 1 6.2 1.6z",
} as const;

export function Icon({ name }: { name: keyof typeof ICONS }) {
  return <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true"><path d={ICONS[name]} /></svg>;
}
