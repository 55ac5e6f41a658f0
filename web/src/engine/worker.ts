// The worker: answers calls in order, and trains in slices between them.
import type { AnswerMessage, CallMessage } from "./messages.ts";
import { EngineError, EngineModule } from "./module.ts";
import { Player } from "./player.ts";
import type { Watch } from "./protocol.ts";

interface Scope {
  postMessage(message: AnswerMessage): void;
  onmessage: ((event: { data: CallMessage }) => void) | null;
}

const scope = globalThis as unknown as Scope;
const post = (message: AnswerMessage) => scope.postMessage(message);

let module: EngineModule | undefined;
let player: Player | undefined;
/** Whether there is a run to watch. */
let running = false;
/** Whether the next slice is scheduled. */
let ticking = false;
let queue = Promise.resolve();

// A message to oneself is handled after those that are already waiting, without the delay of a timer.
const channel = new MessageChannel();
const waiting: (() => void)[] = [];
channel.port1.onmessage = () => waiting.shift()?.();
const soon = () => new Promise<void>((resolve) => {
  waiting.push(resolve);
  channel.port2.postMessage(null);
});
const later = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

scope.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data));
};

async function answer({ id, call, give }: CallMessage): Promise<void> {
  try {
    post({ id, back: await handle(call, give) });
  } catch (error) {
    if (error instanceof EngineError) {
      const help = error.help === undefined ? {} : { help: error.help };
      post({ id, fault: { message: error.message, ...help } });
    } else {
      post({ id, fault: { message: String(error) } });
    }
  }
}

async function handle(call: string, give: unknown): Promise<unknown> {
  if (call === "boot") {
    module = await EngineModule.load((give as { wasm: Uint8Array<ArrayBuffer> }).wasm);
    player = new Player(module, post);
    return null;
  }
  if (!module || !player) throw new EngineError("the engine is not loaded yet");
  switch (call) {
    case "start":
    case "reset": {
      if (call === "start") running = false;
      player.begin();
      const back = module.call(call, give);
      running = true;
      return back;
    }
    case "play":
      player.play();
      void tick(player);
      return null;
    case "pause":
      player.pause();
      return null;
    case "step":
      requireRun();
      await player.step((give as { steps?: number }).steps ?? 1, soon);
      return null;
    case "speed":
      player.speed((give as { steps_per_second: number | null }).steps_per_second);
      return null;
    case "watch":
      player.watch(give as Watch, running);
      return null;
    case "finish":
      player.pause();
      await player.refit((done) => post({ event: "working", what: "Learning all names", done }), soon);
      post({ event: "working", what: "Mixing, evaluating and calibrating", done: 0 });
      try {
        return module.call(call, give);
      } finally {
        post({ event: "working", what: "Mixing, evaluating and calibrating", done: 1 });
      }
    default:
      return module.call(call, give);
  }
}

function requireRun(): void {
  if (!running) throw new EngineError("no training run has been started", "start one");
}

/** Trains in slices while the run is playing. */
async function tick(player: Player): Promise<void> {
  if (ticking) return;
  ticking = true;
  try {
    for (let wait = player.slice(); wait !== null; wait = player.slice()) {
      await (wait > 1 ? later(Math.min(wait, 50)) : soon());
    }
  } catch (error) {
    post({ event: "ended", reason: "diverged", step: 0, message: String(error) });
  } finally {
    ticking = false;
  }
}
