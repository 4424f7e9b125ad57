/**
 * What a command gets to work with.
 *
 * @module
 */
import type { Environment } from "./environment.ts";
import type { ExitName } from "./exit_codes.ts";
import type { Io } from "./io.ts";
import type { Messages } from "./messages.ts";
import type { GlobalValues } from "./parse.ts";
import type { Ticker } from "./progress/clock.ts";

/** Everything outside of a command. */
export interface Context {
  readonly io: Io;
  readonly messages: Messages;
  readonly environment: Environment;
  readonly globals: GlobalValues;
  readonly clock: Ticker;
  /** What threads run; undefined if there are to be none. */
  readonly module: string | undefined;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
}

/** How a command that threw nothing ended: `done` unless it says so. */
export type Ending = ExitName | void;
