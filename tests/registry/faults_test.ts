import { assert, assertEquals } from "../assert.ts";
import { buildImage, type TestImage } from "../images/mod.ts";
import {
  CAN_RESET,
  contentLength,
  contentRange,
  cutAfter,
  digestHeader,
  drip,
  extraBytes,
  type Fault,
  garbage,
  Gate,
  hangUp,
  holdAfter,
  ignoreRange,
  missingBytes,
  resetAfter,
  stallAfter,
  startRegistry,
  startResetRelay,
  status,
  tooManyRequests,
  webPage,
  withoutLength,
  wrongByte,
} from "./mod.ts";

/** A response as bytes on the wire. */
interface Seen {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** Whether the server closed the connection. */
  readonly closed: boolean;
}

/** Reads a response from the wire, until `want` bytes of the body have arrived or the server closes. */
async function readResponse(host: string, path: string, want: number, range?: string): Promise<Seen> {
  const [hostname, port] = host.split(":");
  using conn = await Deno.connect({ hostname: hostname ?? "", port: Number(port) });
  const head = `GET ${path} HTTP/1.1\r\nhost: ${host}\r\n${range ? `range: ${range}\r\n` : ""}\r\n`;
  await conn.write(new TextEncoder().encode(head));
  let text = "";
  let closed = false;
  for (;;) {
    const end = text.indexOf("\r\n\r\n");
    if (end >= 0 && text.length >= end + 4 + want) break;
    const chunk = new Uint8Array(65536);
    const n = await conn.read(chunk).catch(() => null);
    if (n === null) {
      closed = true;
      break;
    }
    text += String.fromCharCode(...chunk.subarray(0, n));
  }
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  return {
    status: Number(first.split(" ")[1]),
    headers: new Headers(
      lines.map((line): [string, string] => [line.split(": ")[0] ?? "", line.split(": ")[1] ?? ""]),
    ),
    body: Uint8Array.from(text.slice(end + 4), (char) => char.charCodeAt(0)),
    closed,
  };
}

const { configBytes: CONFIG, ...IMAGE }: TestImage = await buildImage();
const SIZE = CONFIG.length;
const ALL = Infinity;

interface Case {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly range?: string;
  /** Bytes of the body to wait for; ALL waits for the end of the connection. */
  readonly want: number;
  readonly check: (seen: Seen) => void;
}

const CASES: readonly Case[] = [
  {
    name: "cutAfter() closes after a part of the body",
    faults: [cutAfter(100)],
    want: ALL,
    check: ({ headers, body }) =>
      assertEquals([headers.get("content-length"), body.length], [String(SIZE), 100]),
  },
  {
    name: "stallAfter() leaves the connection open",
    faults: [stallAfter(100)],
    want: 100,
    check: ({ body, closed }) => assertEquals([body.length, closed], [100, false]),
  },
  {
    name: "wrongByte() changes one byte",
    faults: [wrongByte(7)],
    want: SIZE,
    check: ({ body }) => assertEquals(body.findIndex((byte, i) => byte !== CONFIG[i]), 7),
  },
  {
    name: "wrongByte() counts from the start of the blob",
    faults: [wrongByte(7)],
    range: "bytes=5-9",
    want: 5,
    check: ({ body }) => assertEquals(body.findIndex((byte, i) => byte !== CONFIG[5 + i]), 2),
  },
  {
    name: "extraBytes() announces and sends more",
    faults: [extraBytes(3)],
    want: SIZE + 3,
    check: ({ headers }) => assertEquals(headers.get("content-length"), String(SIZE + 3)),
  },
  {
    name: "contentLength() announces more than is sent",
    faults: [contentLength(SIZE + 10)],
    want: ALL,
    check: ({ headers, body }) =>
      assertEquals([headers.get("content-length"), body.length], [String(SIZE + 10), SIZE]),
  },
  {
    name: "ignoreRange() sends all",
    faults: [ignoreRange],
    range: "bytes=5-",
    want: SIZE,
    check: ({ status, body }) => assertEquals([status, body], [200, CONFIG]),
  },
  {
    name: "contentRange() replaces the header",
    faults: [contentRange("bytes 0-4/5")],
    range: "bytes=5-9",
    want: 5,
    check: ({ status, headers }) =>
      assertEquals([status, headers.get("content-range")], [206, "bytes 0-4/5"]),
  },
  {
    name: "withoutLength() sends chunks",
    faults: [withoutLength()],
    want: SIZE + 10,
    check: ({ headers }) =>
      assertEquals([headers.get("transfer-encoding"), headers.get("content-length")], ["chunked", null]),
  },
  {
    name: "withoutLength() ends by closing",
    faults: [withoutLength("close")],
    want: ALL,
    check: ({ headers, body }) => assertEquals([headers.get("content-length"), body], [null, CONFIG]),
  },
  {
    name: "digestHeader() sends a wrong digest",
    faults: [digestHeader(`sha256:${"0".repeat(64)}`)],
    want: SIZE,
    check: ({ headers }) => assertEquals(headers.get("docker-content-digest"), `sha256:${"0".repeat(64)}`),
  },
  {
    name: "status() is followed by a correct response",
    faults: [status(503)],
    want: 20,
    check: ({ status }) => assertEquals(status, 503),
  },
  {
    name: "tooManyRequests() sends Retry-After",
    faults: [tooManyRequests(7)],
    want: 20,
    check: ({ status, headers }) => assertEquals([status, headers.get("retry-after")], [429, "7"]),
  },
  {
    name: "hangUp() sends nothing",
    faults: [hangUp()],
    want: ALL,
    check: ({ body, closed }) => assertEquals([body.length, closed], [0, true]),
  },
  {
    name: "drip() sends all, slowly",
    faults: [drip(200, 1)],
    want: SIZE,
    check: ({ body }) => assertEquals(body, CONFIG),
  },
  {
    name: "faults combine",
    faults: [ignoreRange, wrongByte(1), cutAfter(10)],
    range: "bytes=5-",
    want: ALL,
    check: ({ status, body }) =>
      assertEquals([status, body.length, body[1]], [200, 10, (CONFIG[1] ?? 0) ^ 0xff]),
  },
];

Deno.test("a fault changes one response, and the next one is correct", async (t) => {
  const path = `/v2/app/blobs/${IMAGE.config.digest}`;
  for (const { name, faults, range, want, check } of CASES) {
    await t.step(name, async () => {
      await using registry = await startRegistry();
      registry.push("app", "v1", { ...IMAGE });
      const handle = registry.fault({ kind: "blob" }, ...faults);
      check(await readResponse(registry.host, path, want, range));
      assertEquals(handle.struck, 1);
      assertEquals((await readResponse(registry.host, path, SIZE)).body, CONFIG);
    });
  }
});

Deno.test("holdAfter() waits for the test, and the log has the bytes sent until then", async () => {
  await using registry = await startRegistry();
  registry.push("app", "v1", { ...IMAGE });
  const gate = new Gate();
  registry.fault({ kind: "blob" }, holdAfter(50, gate));
  const seen = readResponse(registry.host, `/v2/app/blobs/${IMAGE.config.digest}`, SIZE);
  await gate.reached;
  const entry = await registry.requests.until((request) => request.path.includes("/blobs/"));
  assertEquals(entry.sent, 50);
  gate.open();
  assertEquals((await seen).body, CONFIG);
});

Deno.test("a fault applies to the requests that it matches", async () => {
  await using registry = await startRegistry({ auth: { kind: "basic", username: "a", password: "b" } });
  registry.push("app", "v1", { ...IMAGE });
  const skipped = registry.fault({ kind: "blob", skip: 1 }, status(500));
  const refused = registry.fault({ kind: "base", refused: true }, status(500));
  const path = `/v2/app/blobs/${IMAGE.config.digest}`;
  for (const want of [401, 401]) assertEquals((await readResponse(registry.host, path, 1)).status, want);
  assertEquals((await readResponse(registry.host, "/v2/", 1)).status, 500);
  assertEquals([skipped.struck, refused.struck], [0, 1]);
  assert(registry.requests.lines.every((line) => line.startsWith("GET /v2/")));
});

const RESET_TEST = { ignore: !CAN_RESET };
Deno.test("resetAfter() resets the connection, and cutAfter() closes it", RESET_TEST, async (t) => {
  for (
    const [name, fault, isReset] of [["reset", resetAfter(3), true], ["cut", cutAfter(3), false]] as const
  ) {
    await t.step(name, async () => {
      await using relay = await startResetRelay();
      await using registry = await startRegistry({ onReset: relay.reset });
      relay.forwardTo(registry.host);
      registry.fault({ kind: "base" }, fault);
      const [hostname = "", port] = relay.host.split(":");
      using conn = await Deno.connect({ hostname, port: Number(port) });
      await conn.write(new TextEncoder().encode(`GET /v2/ HTTP/1.1\r\nhost: a\r\n\r\n`));
      const readToEnd = async () => {
        while (await conn.read(new Uint8Array(4096)) !== null) { /* until the connection ends */ }
      };
      const error = await readToEnd().then(() => undefined, (reason) => reason);
      assertEquals(error instanceof Deno.errors.ConnectionReset, isReset);
    });
  }
});

Deno.test("garbage() sends no HTTP, missingBytes() a consistent length, webPage() a page", async () => {
  await using registry = await startRegistry();
  registry.fault({ kind: "base" }, garbage("SSH-2.0-test\r\n"));
  registry.fault({ kind: "base" }, missingBytes());
  registry.fault({ kind: "base" }, webPage(502));
  assertEquals((await readResponse(registry.host, "/v2/", 0)).closed, true);
  const short = await readResponse(registry.host, "/v2/", 1);
  assertEquals([short.headers.get("content-length"), short.body.length], ["1", 1]);
  const page = await readResponse(registry.host, "/v2/", 6);
  assertEquals([page.status, page.headers.get("content-type")], [502, "text/html"]);
});
