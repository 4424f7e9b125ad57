/**
 * W3C trace context, and spans where the runtime makes them.
 *
 * @module
 */
import type { CallRecord } from "../../grpc/server.ts";

/** The client's side of a trace (W3C Trace Context, "traceparent"). */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits: the client's span. */
  readonly spanId: string;
  /** Whether the client records it. */
  readonly sampled: boolean;
}

/** Hears of calls that are over, and makes spans of them. */
export type CallTracer = (record: CallRecord, parent: TraceParent | undefined) => void;

const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;

/** Reads a `traceparent`; undefined for what is none, which the specification wants to be ignored. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text ?? "") ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, sampled: parseInt(flags, 16) % 2 === 1 };
}

/** The part of the runtime's telemetry that is used here: it has no types of its own. */
interface Tracer {
  startSpan(name: string, options: unknown, context?: unknown): {
    setStatus(status: { code: number; message?: string }): void;
    end(endTime?: number): void;
  };
}

interface Telemetry {
  readonly tracerProvider: { getTracer(name: string, version: string): Tracer };
}

/** Where the runtime puts the API of OpenTelemetry for packages to find, if telemetry is on, and nothing else does. */
const API_KEY = Symbol.for("opentelemetry.js.api.1");

/** OpenTelemetry's `SpanKind.SERVER` and `SpanStatusCode.ERROR`. */
const KIND_SERVER = 1;
const STATUS_ERROR = 2;
/** Where OpenTelemetry's API keeps the span in a context: the runtime looks for the parent there. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * A tracer over the runtime's own OpenTelemetry, without any package.
 *
 * @returns undefined where the runtime has none, or it is not on: `OTEL_DENO=true` switches it on, for a compiled
 * program when it is compiled
 */
export function runtimeTracer(version: string): CallTracer | undefined {
  // The runtime fails at the first span where telemetry is off, and Deno 2.6 ends the process.
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
