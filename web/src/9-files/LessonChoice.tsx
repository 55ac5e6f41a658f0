// The lessons: choosing one restores its state.
import { address, holds, restore, textField } from "../state/address.ts";
import { LESSONS } from "./lessons.ts";

export const lesson = textField("l", "lecture", 20);
const KEPT = ["theme", "embed", "show"];
/** The fields that a lesson is about: after a change to one of these, its text is no longer true. */
const OWN = ["d", "p", "f", "k", "e", "h", "a", "r", "i", "o", "lr", "s", "b", "w", "n", "wd", "do", "dmin", "dmax"];

/** The lesson with the current network and names. */
function given() {
  void address.value; // subscribes to every setting
  const named = LESSONS.find((one) => one.id === lesson.value);
  return named && holds(named.address, OWN) ? named : undefined;
}

export function LessonChoice() {
  return (
    <label class="field">
      <span>Lesson</span>
      <select
        value={given()?.id ?? ""}
        onChange={(event) => {
          const chosen = LESSONS.find((one) => one.id === event.currentTarget.value)!;
          restore(`${chosen.address}&l=${chosen.id}`, KEPT);
        }}
      >
        {!given() && <option value="" disabled>your own settings</option>}
        {LESSONS.map((one) => <option key={one.id} value={one.id}>{one.title}</option>)}
      </select>
    </label>
  );
}

export function LessonText() {
  const chosen = given();
  return chosen ? <p class="lesson">{chosen.text}</p> : null;
}
