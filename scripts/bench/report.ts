/**
 * What the bench says: to the terminal as it comes, and to a file with the summary first.
 *
 * @module
 */
import { type Outcome, summaryOf } from "./summary.ts";
import { table } from "./table.ts";

/** A report that grows. */
export class Report {
  readonly #head: string;
  readonly #out: string | undefined;
  readonly #details: string[] = [];
  readonly #outcomes: Outcome[] = [];

  /** Begins it. The file is written anew with each part, so that an hour's work isn't lost with the last minute. */
  constructor(head: string, out: string | undefined) {
    this.#head = head;
    this.#out = out;
    console.log(`${head}\n`);
  }

  /** A line, or a table of its own kind. */
  async add(text: string): Promise<void> {
    this.#details.push(text);
    console.log(text);
    if (this.#out !== undefined) await Deno.writeTextFile(this.#out, this.text);
  }

  /** What came of a race. */
  async addRace(outcome: Outcome): Promise<void> {
    this.#outcomes.push(outcome);
    await this.add(table(outcome.title, outcome.rows));
  }

  /** The races so far. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** The short form of all races. */
  get summary(): string {
    return summaryOf(this.#outcomes);
  }

  /** All of it. */
  get text(): string {
    return `${
      [this.#head, this.summary, ...this.#details].join("\n\n").replaceAll(/\n{3,}/g, "\n\n").trimEnd()
    }\n`;
  }
}
