/**
 * Messages on standard error: text for people, JSON lines for programs.
 *
 * @module
 */
import { AppError, codeOf, messageOf } from "../../base/errors.ts";
import { excerpt } from "../../base/excerpt.ts";
import { missingFlag } from "../../base/system/permission.ts";
import { encodeJson, printable } from "../output/text.ts";
import { exitCodeOf } from "../table/exit_codes.ts";
import type { Output } from "../terminal/io.ts";

/** How messages are written. */
export interface MessageOptions {
  readonly format: "text" | "json";
  /** Print the causes of errors. */
  readonly verbose: boolean;
  /** Print stack traces. */
  readonly debug: boolean;
}

/** One line of `--log-format json`. Fields are added, never changed. */
export interface MessageLine {
  readonly level: "error" | "warning" | "info";
  readonly message: string;
  /** The library's error code; null for an error without one. Only for errors. */
  readonly code?: string | null;
  readonly exitCode?: number;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The causes, the nearest first. */
  readonly causes?: readonly string[];
}

/** Stops at loops, and at chains too long to be useful. */
const CAUSES_MAX = 8;
const CAUSE_MAX_LENGTH = 2000;

/** Writes messages to one output. */
export class Messages {
  readonly #output: Output;
  readonly #options: MessageOptions;

  /** Writes to `output`. */
  constructor(output: Output, options: MessageOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** Reports a success. */
  info(message: string): void {
    this.#write({ level: "info", message }, printable(message));
  }

  /** Reports a problem that doesn't stop the command. */
  warn(message: string): void {
    this.#write({ level: "warning", message }, `dray: warning: ${printable(message)}`);
  }

  /** Reports a failure. */
  error(error: unknown): void {
    const message = errorText(error);
    const causes = causesOf(error);
    const line: MessageLine = {
      level: "error",
      message,
      code: codeOf(error) ?? (error instanceof Deno.errors.NotCapable ? "permission_denied" : null),
      exitCode: exitCodeOf(error),
      details: error instanceof AppError ? error.details : {},
      causes: causes.map(causeText),
    };
    this.#write(line, this.#errorLines(error, message, causes).join("\n"));
  }

  #errorLines(error: unknown, message: string, causes: readonly unknown[]): readonly string[] {
    const { verbose, debug } = this.#options;
    const usage = error instanceof AppError ? error.details.usage : undefined;
    const isBug = !(error instanceof Deno.errors.NotCapable) &&
      (codeOf(error) === undefined || codeOf(error) === "internal");
    return [
      `dray: ${printable(message)}`,
      ...(usage === undefined ? [] : [`See "${usage}".`]),
      ...(isPermissionError(error) ? [permissionHint()] : []),
      ...(verbose || debug ? causes.map((cause) => `  caused by: ${printable(causeText(cause))}`) : []),
      ...(isBug && !debug ? ["This is a bug in dray. Please report it with the output of --debug."] : []),
      ...(debug ? [error, ...causes].flatMap(stackOf) : []),
    ];
  }

  #write(line: MessageLine, text: string): void {
    this.#output.write(`${this.#options.format === "json" ? encodeJson(line) : text}\n`);
  }
}

/** The text of a thrown value. For a missing permission it names the flag to add. */
function errorText(error: unknown): string {
  const message = messageOf(error);
  const flag = missingFlag(error);
  if (flag === undefined) return message;
  const access = /^Requires (.+?),/s.exec(message)?.[1] ?? "access";
  return `Cannot get ${access}: missing permission: add ${flag}`;
}

/** Other errors than ours may quote text of any length. */
function causeText(cause: unknown): string {
  return excerpt(messageOf(cause), CAUSE_MAX_LENGTH);
}

/** How to get the missing permissions. */
function permissionHint(): string {
  return Deno.build.standalone
    ? 'The permissions of this binary were fixed when it was compiled; "deno task compile" makes another one.'
    : '"dray permissions COMMAND …" prints all flags that a command line needs.';
}

/** Whether the error, or one of its causes, is a missing permission of the runtime. */
function isPermissionError(error: unknown): boolean {
  return [error, ...causesOf(error)].some((one) => missingFlag(one) !== undefined);
}

/** The causes of an error, the nearest first. */
export function causesOf(error: unknown): readonly unknown[] {
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
