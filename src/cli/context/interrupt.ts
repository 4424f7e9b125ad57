/**
 * Turns SIGINT and SIGTERM into one abort signal.
 *
 * @module
 */
import { exitCode } from "../table/exit_codes.ts";

/** A signal that ends the program. */
export type EndSignal = "SIGINT" | "SIGTERM";

/** The listener for these signals. Dispose it. */
export interface Interrupts extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The first signal, if any was received. */
  received(): EndSignal | undefined;
}

/** The source of the signals. */
export interface SignalSource {
  add(name: EndSignal, handler: () => void): void;
  remove(name: EndSignal, handler: () => void): void;
  /** Ends the program immediately. */
  exit(code: number): void;
}

/** The signals of this process. */
export const PROCESS_SIGNALS: SignalSource = {
  add: (name, handler) => Deno.addSignalListener(name, handler),
  remove: (name, handler) => Deno.removeSignalListener(name, handler),
  exit: (code) => Deno.exit(code),
};

/** The exit code for a signal. */
export function exitCodeOfSignal(name: EndSignal): number {
  return exitCode(name === "SIGINT" ? "interrupted" : "terminated");
}

/**
 * Listens: the first signal aborts, so that the program can clean up; a second one ends the program
 * immediately.
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
  // Windows has no SIGTERM to listen for.
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
