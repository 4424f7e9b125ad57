/**
 * Runs the h2spec suite (all of its generic, HPACK and HTTP/2 cases) against the `http2` room, and fails unless
 * every case passes that `scripts/h2spec_exceptions.txt` does not name.
 *
 * ```sh
 * deno run --allow-net --allow-read --allow-run scripts/h2spec.ts .tools/bin/h2spec
 * ```
 *
 * @module
 */
import { encodeHeaderBlock } from "../src/http2/hpack/encoder.ts";
import { Http2Server } from "../src/http2/server.ts";
import type { Http2Stream, StreamSink } from "../src/http2/stream/stream.ts";

/** A line of the suite's report for a case that failed, or that the suite gave up. */
const FAILED_LINE = /^\s*[×✖] (.+)$/u;
/** The last line of the report. */
const TOTALS = /(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed/;

/** Version 2.2.1 has 146 cases and 2.6.0 has 147: a run with fewer has left out a section. */
const LEAST_CASES = 146;

const RESPONSE_HEADERS = encodeHeaderBlock([[":status", "200"], ["content-type", "text/plain"]]);
const RESPONSE_BODY = new TextEncoder().encode("hello\n");

/** Answers each whole request with headers and DATA: the flow control cases count its bytes. */
function answer(stream: Http2Stream): StreamSink {
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

/** Titles of the cases that do not apply: one a line, `#` begins a comment that says why. */
async function readExceptions(): Promise<ReadonlySet<string>> {
  const text = await Deno.readTextFile(new URL("h2spec_exceptions.txt", import.meta.url));
  const lines = text.split("\n").map((line) => line.replace(/#.*/, "").trim());
  return new Set(lines.filter((line) => line !== ""));
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
  const server = new Http2Server({ onStream: answer });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = server.serve(listener);
  const report = await runSuite(h2spec, listener.addr.port);
  await server.shutdown(1000);
  await serving;

  const totals = TOTALS.exec(report);
  if (totals === null || Number(totals[1]) < LEAST_CASES) {
    console.error(`${report}\nh2spec ran fewer than ${LEAST_CASES} cases`);
    return 1;
  }
  const exceptions = await readExceptions();
  const failed = report.split("\n").flatMap((line) => FAILED_LINE.exec(line)?.[1] ?? []);
  const unexpected = failed.filter((title) => !exceptions.has(title.replace(/^\d+: /, "")));
  // The report names each failure; if the counts differ it was not understood.
  const understood = new Set(failed).size === Number(totals[4]);
  const passed = unexpected.length === 0 && understood && totals[3] === "0";
  if (!passed) console.error(report);
  console.log(`h2spec: ${totals[0]}`);
  return passed ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args[0]));
