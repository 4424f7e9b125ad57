/**
 * What is said beside the result: errors, warnings, notes. As text for people, or one JSON object a line.
 *
 * @module
 */
import { AppError, codeOf, messageOf } from "../base/errors.ts";
import { missingFlag } from "../base/permission.ts";
import { exitCodeOf } from "./exit_codes.ts";
import type { Output } from "./io.ts";
import { printable } from "./output/text.ts";

/** How much is said, and in which form. */
export interface MessageOptions {
  readonly format: "text" | "json";
  /** Say what errors were caused by. */
  readonly verbose: boolean;
  /** Say where in the program they arose. */
  readonly debug: boolean;
}

/** A line of `--log-format json`. Fields are added, never changed. */
export interface MessageLine {
  readonly level: "error" | "warning" | "info";
  readonly message: string;
  /** The kind of failure, as the library has it; null for one that has none. Errors only. */
  readonly code?: string | null;
  readonly exitCode?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  /** What caused it, the nearest first. */
  readonly causes?: readonly string[];
}

/** A chain longer than this is a loop or helps nobody. */
const CAUSES_MAX = 8;

/** Says things on standard error. */
export class Messages {
  readonly #output: Output;
  readonly #options: MessageOptions;

  /** Writes to `output`. */
  constructor(output: Output, options: MessageOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** Something that went as it should. */
  info(message: string): void {
    this.#say({ level: "info", message }, printable(message));
  }

  /** Something to know that stops nothing. */
  warn(message: string): void {
    this.#say({ level: "warning", message }, `dray: warning: ${printable(message)}`);
  }

  /** A failure. */
  error(error: unknown): void {
    const message = errorText(error);
    const causes = causesOf(error);
    const line: MessageLine = {
      level: "error",
      message,
      code: codeOf(error) ?? (error instanceof Deno.errors.NotCapable ? "permission_denied" : null),
      exitCode: exitCodeOf(error),
      details: error instanceof AppError ? error.details : {},
      causes: causes.map(messageOf),
    };
    this.#say(line, this.#errorLines(error, message, causes).join("\n"));
  }

  #errorLines(error: unknown, message: string, causes: readonly unknown[]): readonly string[] {
    const { verbose, debug } = this.#options;
    const usage = error instanceof AppError ? error.details.usage : undefined;
    const isBug = !(error instanceof Deno.errors.NotCapable) &&
      (codeOf(error) === undefined || codeOf(error) === "internal");
    return [
      `dray: ${printable(message)}`,
      ...(usage === undefined ? [] : [`See "${usage}".`]),
      ...(isRefusal(error) ? [refusalHint()] : []),
      ...(verbose || debug ? causes.map((cause) => `  caused by: ${printable(messageOf(cause))}`) : []),
      ...(isBug && !debug ? ["This should not happen. Please report it with the output of --debug."] : []),
      ...(debug ? [error, ...causes].flatMap(stackOf) : []),
    ];
  }

  #say(line: MessageLine, text: string): void {
    this.#output.write(`${this.#options.format === "json" ? JSON.stringify(line) : text}\n`);
  }
}

/** What people read of a thrown value. For a missing permission that is the flag to add. */
function errorText(error: unknown): string {
  const message = messageOf(error);
  const flag = missingFlag(error);
  if (flag === undefined) return message;
  const access = /^Requires (.+?),/s.exec(message)?.[1] ?? "it";
  return `Cannot go on: the runtime does not permit ${access}, add ${flag}`;
}

/** Where more permissions come from. */
function refusalHint(): string {
  return Deno.build.standalone
    ? 'This program has the permissions that it was compiled with: "deno task compile" makes another one.'
    : '"dray permissions COMMAND …" prints all flags that a command line needs.';
}

/** Whether the runtime refused something, at the top or below. */
function isRefusal(error: unknown): boolean {
  return [error, ...causesOf(error)].some((one) => missingFlag(one) !== undefined);
}

function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < CAUSES_MAX) {
    causes.push(cause);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}

function stackOf(error: unknown): readonly string[] {
  return error instanceof Error && error.stack !== undefined ? error.stack.split("\n").map(printable) : [];
}
