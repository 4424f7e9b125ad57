/**
 * Ctrl-C and its kin: one signal that everything listens to.
 *
 * @module
 */
import { exitCode } from "./exit_codes.ts";

/** What ends a program from outside. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** Listens for them. Dispose it. */
export interface Interrupts extends Disposable {
  /** Aborted by the first one. */
  readonly signal: AbortSignal;
  /** Which one came, if any. */
  received(): EndSignal | undefined;
}

/** Where they come from. */
export interface SignalSource {
  add(name: EndSignal, handler: () => void): void;
  remove(name: EndSignal, handler: () => void): void;
  /** Ends the program at once. */
  exit(code: number): void;
}

/** The signals of this process. */
export const PROCESS_SIGNALS: SignalSource = {
  add: (name, handler) => Deno.addSignalListener(name, handler),
  remove: (name, handler) => Deno.removeSignalListener(name, handler),
  exit: (code) => Deno.exit(code),
};

/** The exit code that a signal asks for. */
export function exitCodeOfSignal(name: EndSignal): number {
  return exitCode(name === "SIGINT" ? "interrupted" : "terminated");
}

/**
 * Listens: the first signal aborts what runs, so that it can put its things in order; a second one, from somebody who
 * won't wait for that, ends the program at once.
 */
export function listenForInterrupts(source: SignalSource): Interrupts {
  const controller = new AbortController();
  let received: EndSignal | undefined;
  const handlers = (["SIGINT", "SIGTERM"] as const).map((name) => ({
    name,
    handler() {
      if (received !== undefined) return source.exit(exitCodeOfSignal(name));
      received = name;
      controller.abort(new DOMException(`Interrupted by ${name}`, "AbortError"));
    },
  }));
  // Windows has no SIGTERM to listen to.
  const added = handlers.filter(({ name, handler }) => {
    try {
      source.add(name, handler);
      return true;
    } catch {
      return false;
    }
  });
  return {
    signal: controller.signal,
    received: () => received,
    [Symbol.dispose]: () => added.forEach(({ name, handler }) => source.remove(name, handler)),
  };
}
