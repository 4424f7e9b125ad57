/**
 * The server's log on standard error: a line each, as text for people or as JSON.
 *
 * @module
 */
import { codeOf, messageOf } from "../../base/errors.ts";
import type { CriLog, LogFields } from "../../cri/observability/log.ts";
import { printable } from "../output/text.ts";

/** Which lines about calls are written. */
export type LoggedCalls = "all" | "failed" | "none";

/** What a log is made with. */
export interface ServeLogOptions {
  readonly format: "text" | "json";
  readonly calls: LoggedCalls;
  write(text: string): void;
  /** The time of day. */
  date(): Date;
}

/** A log that must be closed, or its last lines are lost. */
export interface ServeLog extends CriLog, Disposable {}

type Level = "info" | "warning" | "error";

/** A chain longer than this is a loop or helps nobody. */
const CAUSES_MAX = 8;

/** Opens the log. Lines of one moment are written together: a write for each costs more than a small call. */
export function openServeLog({ format, calls, write, date }: ServeLogOptions): ServeLog {
  let lines: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) write(`${lines.join("\n")}\n`);
    lines = [];
  };
  const say = (level: Level, message: string, fields: LogFields, causes: readonly string[] = []) => {
    lines.push((format === "json" ? jsonLine : textLine)(date(), level, message, fields, causes));
    timer ??= setTimeout(flush, 0);
  };
  const isLeftOut = (message: string, fields: LogFields) =>
    message === "call" && (calls === "none" || (calls === "failed" && fields.code === "ok"));
  return {
    info(message, fields = {}) {
      if (!isLeftOut(message, fields)) say("info", message, fields);
    },
    warn: (message, fields = {}) => say("warning", message, fields),
    error: (message, error, fields = {}) =>
      say(
        "error",
        message,
        { ...fields, error: messageOf(error), errorCode: codeOf(error) ?? "unknown" },
        causesOf(error),
      ),
    [Symbol.dispose]: flush,
  };
}

function jsonLine(
  date: Date,
  level: Level,
  message: string,
  fields: LogFields,
  causes: readonly string[],
): string {
  return JSON.stringify({
    time: date.toISOString(),
    level,
    message,
    // A field of a client's making must not take the place of ours.
    fields,
    ...(causes.length > 0 ? { causes } : {}),
  });
}

function textLine(
  date: Date,
  level: Level,
  message: string,
  fields: LogFields,
  causes: readonly string[],
): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textValue(value)}`);
  const because = causes.map((cause) => `cause=${textValue(cause)}`);
  return [date.toISOString(), level.toUpperCase(), message, ...pairs, ...because].join(" ");
}

function textValue(value: string | number | boolean): string {
  const text = printable(String(value));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}

function causesOf(error: unknown): readonly string[] {
  const causes: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  while (cause !== undefined && causes.length < CAUSES_MAX) {
    causes.push(messageOf(cause));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return causes;
}
