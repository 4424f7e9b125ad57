/**
 * A line for each call.
 *
 * @module
 */
import { isCode } from "../../base/errors.ts";
import type { CallRecord } from "../../grpc/server.ts";
import { StatusCode } from "../../grpc/wire/status.ts";
import type { CriLog, LogFields } from "./log.ts";

const CODE_NAMES = new Map<number, string>(Object.entries(StatusCode).map(([name, code]) => [code, name]));
/** A client may call methods of any name. */
const METHOD_MAX = 200;

/** The name of a status code: `deadlineExceeded`. */
export function codeNameOf(code: number): string {
  return CODE_NAMES.get(code) ?? String(code);
}

/** Says how a call ended. What went wrong here, and not at the client's, is told with its causes. */
export function logCall(log: CriLog, record: CallRecord, traceId: string | undefined): void {
  const { method, status, durationMs, error } = record;
  const fields: LogFields = {
    method: method.slice(0, METHOD_MAX),
    code: codeNameOf(status.code),
    durationMs: Math.round(durationMs * 1000) / 1000,
    ...(traceId === undefined ? {} : { traceId }),
    ...(status.message === "" ? {} : { message: status.message }),
  };
  if (isOurs(status.code, error)) log.error("call", error, fields);
  else log.info("call", fields);
}

function isOurs(code: number, error: unknown): boolean {
  if (error === undefined) return false;
  if (code === StatusCode.internal || code === StatusCode.dataLoss) return true;
  return code === StatusCode.unknown && !isCode(error, "network");
}
