/**
 * The environment in which a command runs.
 *
 * @module
 */
import type { ExitName } from "../table/exit_codes.ts";
import type { GlobalValues } from "../table/parse.ts";
import type { CommandTable } from "../table/types.ts";
import type { Io } from "../terminal/io.ts";
import type { Environment } from "./environment.ts";
import type { Messages } from "./messages.ts";

/** A clock with timers. */
export interface Ticker {
  /** Milliseconds since an arbitrary moment. */
  now(): number;
  /** Calls `tick` every `ms` milliseconds until the returned function is called. */
  every(ms: number, tick: () => void): () => void;
}

/** The clock of the machine. */
export const SYSTEM_TICKER: Ticker = {
  now: () => performance.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms);
    return () => clearInterval(timer);
  },
};

/** Everything that a command uses besides its input. */
export interface Context {
  readonly io: Io;
  readonly messages: Messages;
  readonly environment: Environment;
  readonly globals: GlobalValues;
  /** All commands: for help, completions and permissions. */
  readonly table: CommandTable;
  readonly clock: Ticker;
  /** The module that worker threads load; undefined if no threads may be started. */
  readonly module: string | undefined;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** The exit of a command that didn't throw; `done` by default. */
export type CommandOutcome = ExitName | void;
