// The messages between client and worker: numbered calls, their answers, and events.
import type { EngineEvent, EngineFault } from "./protocol.ts";

/** `boot` comes first, with the module's bytes; the others are calls of the protocol. */
export interface CallMessage {
  id: number;
  call: string;
  give: unknown;
}

export type AnswerMessage =
  | { id: number; back: unknown }
  | { id: number; fault: EngineFault }
  | EngineEvent;
