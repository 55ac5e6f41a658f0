// Presets for lessons: choosing one restores its state.
import { restore } from "../state/address.ts";
import { textField } from "../state/address.ts";
import { LESSONS } from "./lessons.ts";

export const lesson = textField("l", "lecture", 20);
const KEPT = ["theme", "embed", "show"];

export function LessonChoice() {
  return (
    <label class="field">
      <span>Lesson</span>
      <select
        value={lesson.value}
        onChange={(event) => {
          const chosen = LESSONS.find((one) => one.id === event.currentTarget.value)!;
          restore(`${chosen.address}&l=${chosen.id}`, KEPT);
        }}
      >
        {LESSONS.map((one) => <option key={one.id} value={one.id}>{one.title}</option>)}
      </select>
    </label>
  );
}

export function LessonText() {
  const chosen = LESSONS.find((one) => one.id === lesson.value);
  return chosen ? <p class="lesson">{chosen.text}</p> : null;
}
