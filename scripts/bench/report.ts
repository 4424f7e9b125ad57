/**
 * The report of the benchmark: printed part by part, and written to a file with the summary first.
 *
 * @module
 */
import { type Outcome, summaryOf } from "./summary.ts";
import { table } from "./table.ts";

/** The report. */
export class Report {
  readonly #head: string;
  readonly #out: string | undefined;
  readonly #details: string[] = [];
  readonly #outcomes: Outcome[] = [];

  /** Prints the heading. The file is rewritten after each part, so that an interrupted run keeps its results. */
  constructor(head: string, out: string | undefined) {
    this.#head = head;
    this.#out = out;
    console.log(`${head}\n`);
  }

  /** Adds a line or a table that isn't a comparison. */
  async add(text: string): Promise<void> {
    this.#details.push(text);
    console.log(text);
    if (this.#out !== undefined) await Deno.writeTextFile(this.#out, this.text);
  }

  /** Adds the table of a comparison. */
  async addOutcome(outcome: Outcome): Promise<void> {
    this.#outcomes.push(outcome);
    await this.add(table(outcome.title, outcome.rows));
  }

  /** The comparisons so far. */
  get outcomes(): readonly Outcome[] {
    return this.#outcomes;
  }

  /** The summary of all comparisons. */
  get summary(): string {
    return summaryOf(this.#outcomes);
  }

  /** The whole report. */
  get text(): string {
    return `${
      [this.#head, this.summary, ...this.#details].join("\n\n").replaceAll(/\n{3,}/g, "\n\n").trimEnd()
    }\n`;
  }
}
