// Which panels are on the screen: the engine is only asked for what is visible.
import { useEffect } from "preact/hooks";
import { visible } from "../state/session.ts";

export function useVisible(name: string, element: { current: HTMLElement | null }): void {
  useEffect(() => {
    const set = (seen: boolean) => {
      if (visible.peek().has(name) === seen) return;
      const names = new Set(visible.peek());
      if (seen) names.add(name);
      else names.delete(name);
      visible.value = names;
    };
    const observer = new IntersectionObserver(([entry]) => set(entry!.isIntersecting), { rootMargin: "300px" });
    observer.observe(element.current!);
    return () => {
      observer.disconnect();
      set(false);
    };
  }, []);
}
