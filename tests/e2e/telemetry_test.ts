import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { assert, assertEquals } from "../assert.ts";
import { CriClient } from "../cri/test_service.ts";
import { type Running, sandbox } from "./program.ts";

/** The checked fields of a span (OTLP/HTTP, JSON). */
interface Span {
  readonly name: string;
  readonly traceId: string;
  readonly parentSpanId?: string;
  readonly kind: number;
  readonly status?: { readonly code?: number };
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
}

/** Receives exported spans. */
function collector(): AsyncDisposable & { readonly url: string; readonly spans: Span[] } {
  const spans: Span[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans = [] } of body.resourceSpans ?? []) {
      for (const scope of scopeSpans) if (scope.scope.name === "dray") spans.push(...scope.spans);
    }
    return Response.json({});
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    spans,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Waits until it serves. Returns its warnings. */
async function untilServing(running: Running): Promise<readonly string[]> {
  const warnings: string[] = [];
  const lines = running.lines[Symbol.asyncIterator]();
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (next.value.includes(" serving ")) return warnings;
    if (next.value.includes(" WARNING ")) warnings.push(next.value);
  }
  throw new Error("The server exited");
}

Deno.test("with OTEL_DENO=true each call is a span, a child of the client's, or a warning gives the reason", async () => {
  await using otlp = collector();
  await using box = await sandbox();
  const socket = `${box.directory}/d.sock`;
  await using server = box.start(["serve", "cri", "--socket", socket], {
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
    },
  });
  const warnings = await untilServing(server);
  const [trace, parent] = ["a".repeat(32), "b".repeat(16)];
  {
    using cri = await CriClient.connect(socket);
    const headers = [["traceparent", `00-${trace}-${parent}-01`]] as const;
    await cri.call(ImageService.method.listImages, {}, { headers });
    await cri.call(ImageService.method.removeImage, { image: { image: "" } }, { headers }).catch(() => {});
    await cri.call(ImageService.method.listImages, {});
  }
  server.kill("SIGTERM");
  assertEquals((await server.status).code, 0);
  // Whether a compiled program has telemetry is fixed when it is compiled.
  const isCompiled = Deno.env.has("DRAY_COMMAND") && warnings.some((line) => line.includes("OTEL_DENO"));
  if (isCompiled) return assertEquals(otlp.spans, []);
  assertEquals(warnings, []);
  const [listed, failed, alone] = otlp.spans;
  assert(listed && failed && alone, `${otlp.spans.length} spans`);
  assertEquals(
    [listed.name, listed.traceId, listed.parentSpanId, listed.kind, listed.status?.code ?? 0],
    ["runtime.v1.ImageService/ListImages", trace, parent, 2, 0],
  );
  assertEquals([failed.name.endsWith("/RemoveImage"), failed.traceId, failed.status?.code], [true, trace, 2]);
  assert(alone.traceId !== trace && !alone.parentSpanId, "a call without a traceparent begins a trace");
  const attributes = listed.attributes.map(({ key }) => key);
  assert(attributes.includes("rpc.grpc.status_code"), attributes.join());
});
