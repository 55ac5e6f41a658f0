// The list of names to learn from: one that comes with the page, or the user's own.
import { hello } from "../state/session.ts";
import { column, listName, where } from "../state/settings.ts";
import { integer } from "../ui/format.ts";

export function ListChoice() {
  const lists = hello.value?.lists ?? [];
  return (
    <label class="field">
      <span>Names</span>
      <select
        value={listName.value}
        onChange={(event) => {
          column.value = where.value = "";
          listName.value = event.currentTarget.value;
          if (listName.value === "own") document.getElementById("own-text")?.focus();
        }}
      >
        {lists.length === 0 && <option value={listName.value}>{listName.value === "own" ? "Your own" : listName.value}</option>}
        {lists.map((list) => <option key={list.name} value={list.name}>{shortTitle(list.title)} ({integer(list.names)})</option>)}
        <option value="own">Your own…</option>
      </select>
    </label>
  );
}

const shortTitle = (title: string): string => title.split(",")[0]!;
