/**
 * Logs calls.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import type { CallRecord } from "../../grpc/server.ts";
import { StatusCode } from "../../grpc/wire/status.ts";
import type { CriLog, LogFields } from "./log.ts";

const CODE_NAMES = new Map<number, string>(Object.entries(StatusCode).map(([name, code]) => [code, name]));
/** Maximum length of a logged method: clients choose the names of unknown methods. */
const METHOD_MAX = 200;

/** Returns the name of a status code, such as `deadlineExceeded`. */
export function codeNameOf(code: number): string {
  return CODE_NAMES.get(code) ?? String(code);
}

/** Statuses of calls that cost a client nothing, such as those that it cancels immediately. */
const CHEAP: ReadonlySet<number> = new Set([
  StatusCode.cancelled,
  StatusCode.unimplemented,
  StatusCode.resourceExhausted,
]);

/**
 * Logs the end of a call. Failures of the server are logged as errors, with their causes.
 *
 * @param limited the log for calls that a client can make in any number
 */
export function logCall(
  { log, limited }: { readonly log: CriLog; readonly limited: CriLog },
  record: CallRecord,
  traceId: string | undefined,
): void {
  const { method, status, durationMs, error } = record;
  const fields: LogFields = {
    method: method.slice(0, METHOD_MAX),
    code: codeNameOf(status.code),
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...(traceId === undefined ? {} : { traceId }),
    ...(status.message === "" ? {} : { message: status.message }),
  };
  if (isServerError(status.code, error)) log.error("call", error, fields);
  else (CHEAP.has(status.code) ? limited : log).info("call", fields);
}

function isServerError(code: number, error: unknown): boolean {
  if (error === undefined) return false;
  if (code === StatusCode.internal || code === StatusCode.dataLoss) return true;
  return code === StatusCode.unknown && !isCode(error, "network");
}
