/**
 * Runs all generic, HPACK and HTTP/2 cases of the h2spec suite against the HTTP/2 server of `src/http2`, and fails unless
 * every case passes.
 *
 * ```sh
 * deno run --allow-net --allow-run scripts/h2spec.ts .tools/bin/h2spec
 * ```
 *
 * Needs h2spec: `deno task tools h2spec`.
 *
 * @module
 */
import { encodeHeaderBlock } from "../src/http2/hpack/encoder.ts";
import { Http2Server } from "../src/http2/server.ts";
import type { Http2Stream, StreamSink } from "../src/http2/stream/stream.ts";

/** The last line of h2spec's report. */
const TOTALS = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/;

/** Version 2.2.1 has 146 cases and 2.6.0 has 147. A run with fewer has skipped a section. */
const MIN_CASES = 146;

const RESPONSE_HEADERS = encodeHeaderBlock([[":status", "200"], ["content-type", "text/plain"]]);
const RESPONSE_BODY = new TextEncoder().encode("hello\n");

/** Responds to each complete request with headers and DATA. The flow control cases count the DATA bytes. */
function respond(stream: Http2Stream): StreamSink {
  return {
    data(_bytes, last) {
      if (!last) return;
      stream.sendHeaders(RESPONSE_HEADERS);
      stream.write(RESPONSE_BODY);
      stream.end();
    },
    aborted() {},
  };
}

async function runSuite(h2spec: string, port: number): Promise<string> {
  const args = ["--host", "127.0.0.1", "--port", String(port), "--strict", "generic", "hpack", "http2"];
  const output = await new Deno.Command(h2spec, { args, env: { NO_COLOR: "1" } }).output();
  const decoder = new TextDecoder();
  return decoder.decode(output.stdout) + decoder.decode(output.stderr);
}

async function main(h2spec: string | undefined): Promise<number> {
  if (h2spec === undefined) {
    console.error("usage: h2spec.ts PATH-OF-H2SPEC");
    return 2;
  }
  const server = new Http2Server({ onStream: respond });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = server.serve(listener);
  const report = await runSuite(h2spec, listener.addr.port);
  await server.shutdown(1000);
  await serving;

  const totals = TOTALS.exec(report);
  if (totals === null || Number(totals[1]) < MIN_CASES) {
    console.error(`${report}\nh2spec ran fewer than ${MIN_CASES} cases`);
    return 1;
  }
  const [line, cases, passed] = totals;
  if (passed !== cases) console.error(report);
  console.log(`h2spec: ${line}`);
  return passed === cases ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0]));
