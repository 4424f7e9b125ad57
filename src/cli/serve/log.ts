/**
 * The server's log on standard error: one line per event, as text or JSON.
 *
 * @module
 */
import { codeOf, messageOf } from "../../base/errors.ts";
import type { CriLog, LogFields } from "../../cri/observability/log.ts";
import { causesOf } from "../context/messages.ts";
import { encodeJson, printable } from "../output/text.ts";

/** Which calls are logged. */
export type LoggedCalls = "all" | "failed" | "none";

/** How the log is written. */
export interface ServeLogOptions {
  readonly format: "text" | "json";
  readonly calls: LoggedCalls;
  write(text: string): void;
  /** The current time. */
  date(): Date;
}

/** The server's log. Dispose it: the last lines are buffered. */
export interface ServeLog extends CriLog, Disposable {}

/** One line of the log of a server with `--log-format json`. Fields are added, never changed. */
export interface ServeLogLine {
  readonly time: string;
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  readonly fields: LogFields;
  readonly causes?: readonly string[];
}

type Level = ServeLogLine["level"];

/** Longer values are truncated. Stops: a request whose name has 16 MiB, which an error message quotes. */
const VALUE_MAX_CHARACTERS = 4096;

/**
 * Opens the log. Lines of one event-loop turn are written together: one write per line costs more than a
 * small call.
 */
export function openServeLog({ format, calls, write, date }: ServeLogOptions): ServeLog {
  let lines: string[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    if (lines.length > 0) write(`${lines.join("\n")}\n`);
    lines = [];
  };
  const log = (level: Level, message: string, fields: LogFields, causes: readonly string[] = []) => {
    const short = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, shorten(value)]));
    const formatLine = format === "json" ? jsonLine : textLine;
    lines.push(formatLine(date(), level, message, short, causes.map(shorten)));
    timer ??= setTimeout(flush, 0);
  };
  const isSkipped = (message: string, fields: LogFields) =>
    message === "call" && (calls === "none" || (calls === "failed" && fields.code === "ok"));
  return {
    info(message, fields = {}) {
      if (!isSkipped(message, fields)) log("info", message, fields);
    },
    warn: (message, fields = {}) => log("warning", message, fields),
    error: (message, error, fields = {}) =>
      log(
        "error",
        message,
        { ...fields, error: messageOf(error), errorCode: codeOf(error) ?? "unknown" },
        causesOf(error).map(messageOf),
      ),
    [Symbol.dispose]: flush,
  };
}

function shorten<T extends string | number | boolean>(value: T): T | string {
  if (typeof value !== "string" || value.length <= VALUE_MAX_CHARACTERS) return value;
  return `${value.slice(0, VALUE_MAX_CHARACTERS)}…`;
}

function jsonLine(
  date: Date,
  level: Level,
  message: string,
  fields: LogFields,
  causes: readonly string[],
): string {
  const line: ServeLogLine = {
    time: date.toISOString(),
    level,
    message,
    // Nested, so that a field whose name comes from a client can't replace one of these.
    fields,
    ...(causes.length > 0 ? { causes } : {}),
  };
  return encodeJson(line);
}

function textLine(
  date: Date,
  level: Level,
  message: string,
  fields: LogFields,
  causes: readonly string[],
): string {
  const pairs = Object.entries(fields).map(([name, value]) => `${name}=${textValue(value)}`);
  const causeFields = causes.map((cause) => `cause=${textValue(cause)}`);
  return [date.toISOString(), level.toUpperCase(), message, ...pairs, ...causeFields].join(" ");
}

function textValue(value: string | number | boolean): string {
  const text = printable(String(value));
  return /^[^\s"=]+$/.test(text) ? text : JSON.stringify(text);
}
