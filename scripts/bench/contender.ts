/**
 * Who takes part in a race.
 *
 * @module
 */
import type { Sample } from "./measure.ts";

/** What is to be done once. */
export interface Task {
  /** `127.0.0.1:5000/bench/a:1` */
  readonly reference: string;
  /** An empty folder of its own. */
  readonly folder: string;
  /** A PEM file with the registry's authority; undefined for plain http. */
  readonly caFile: string | undefined;
}

/** A program under test. */
export interface Contender {
  readonly name: string;
  /** Ours must not fail; the others may lack this or that. */
  readonly isOurs: boolean;
  /** Why it can't take part, or undefined if it can. */
  readonly missing: string | undefined;
  /** Does the work, and says what it took. @throws Error with its output if it fails */
  run(task: Task): Promise<Sample>;
}
