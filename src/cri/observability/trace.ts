/**
 * W3C Trace Context, and OpenTelemetry spans.
 *
 * @module
 */
import type { CallRecord } from "../../grpc/server.ts";

/** The parent span of a call (W3C Trace Context, "traceparent"). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the span of the client. */
  readonly spanId: string;
  /** Whether the client records the trace. */
  readonly sampled: boolean;
}

/** Called at the end of each call, to create its span. */
export type CallTracer = (record: CallRecord, parent: TraceParent | undefined) => void;

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Parses a `traceparent`. Returns undefined for an invalid value, which must be ignored. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, sampled: parseInt(flags, 16) % 2 === 1 };
}

/** The part of Deno's telemetry API that is used here; Deno declares no types for it. */
interface Tracer {
  startSpan(name: string, options: unknown, context?: unknown): {
    setStatus(status: { code: number; message?: string }): void;
    end(endTime?: number): void;
  };
}

interface Telemetry {
  readonly tracerProvider: { getTracer(name: string, version: string): Tracer };
}

/** The global at which Deno registers the OpenTelemetry API if telemetry is enabled. */
const API_KEY = Symbol.for("opentelemetry.js.api.1");

/** OpenTelemetry's `SpanKind.SERVER` and `SpanStatusCode.ERROR`. */
const KIND_SERVER = 1;
const STATUS_ERROR = 2;
/** The key of the span in an OpenTelemetry context: Deno reads the parent from it. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * Returns a tracer that uses Deno's built-in OpenTelemetry.
 *
 * @returns undefined if telemetry is unavailable or not enabled. `OTEL_DENO=true` enables it, for a compiled program at
 * compile time
 */
export function runtimeTracer(version: string): CallTracer | undefined {
  // If telemetry is not enabled, the first span fails; Deno 2.6 even ends the process.
  const api = (globalThis as { readonly [API_KEY]?: { readonly trace?: unknown } })[API_KEY];
  if (api?.trace === undefined) return undefined;
  const { telemetry } = Deno as unknown as { readonly telemetry?: Telemetry };
  const tracer = telemetry?.tracerProvider.getTracer("dray", version);
  if (tracer === undefined) return undefined;
  return ({ method, status, durationMs }, parent) => {
    const end = Date.now();
    const [, service = "", name = ""] = method.split("/");
    const attributes = {
      "rpc.system": "grpc",
      "rpc.service": service,
      "rpc.method": name,
      "rpc.grpc.status_code": status.code,
    };
    const options = { kind: KIND_SERVER, startTime: end - durationMs, attributes };
    const span = tracer.startSpan(method.slice(1), options, parent && contextOf(parent));
    if (status.code !== 0) span.setStatus({ code: STATUS_ERROR, message: status.message });
    span.end(end);
  };
}

function contextOf({ traceId, spanId, sampled }: TraceParent): unknown {
  const spanContext = { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true };
  const context = {
    getValue: (key: symbol) => key === SPAN_KEY ? { spanContext: () => spanContext } : undefined,
    setValue: () => context,
    deleteValue: () => context,
  };
  return context;
}
