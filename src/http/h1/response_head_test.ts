import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { type Framing, parseResponseHead } from "./response_head.ts";

const LENGTH = (bytes: number): Framing => ({ kind: "length", bytes });
const CHUNKED: Framing = { kind: "chunked" };
const CLOSE: Framing = { kind: "close" };

interface Case {
  readonly name: string;
  readonly lines: readonly string[];
  readonly method?: "GET" | "HEAD";
  readonly framing: Framing;
  readonly isPersistent: boolean;
}

const CASES: readonly Case[] = [
  {
    name: "a length",
    lines: ["HTTP/1.1 200 OK", "Content-Length: 12"],
    framing: LENGTH(12),
    isPersistent: true,
  },
  {
    name: "no reason phrase",
    lines: ["HTTP/1.1 200", "content-length:0"],
    framing: LENGTH(0),
    isPersistent: true,
  },
  {
    name: "the same length twice",
    lines: ["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 5"],
    framing: LENGTH(5),
    isPersistent: true,
  },
  {
    name: "chunks",
    lines: ["HTTP/1.1 200 OK", "Transfer-Encoding: Chunked"],
    framing: CHUNKED,
    isPersistent: true,
  },
  {
    name: "chunks win over a length, and the connection is closed",
    lines: ["HTTP/1.1 200 OK", "Content-Length: 5", "Transfer-Encoding: chunked"],
    framing: CHUNKED,
    isPersistent: false,
  },
  { name: "neither", lines: ["HTTP/1.1 200 OK"], framing: CLOSE, isPersistent: false },
  {
    name: "a response to HEAD",
    lines: ["HTTP/1.1 200 OK", "Content-Length: 12"],
    method: "HEAD",
    framing: LENGTH(0),
    isPersistent: false,
  },
  { name: "204", lines: ["HTTP/1.1 204 No Content"], framing: LENGTH(0), isPersistent: true },
  {
    name: "close",
    lines: ["HTTP/1.1 200 OK", "Content-Length: 1", "Connection: keep-alive, Close"],
    framing: LENGTH(1),
    isPersistent: false,
  },
  {
    name: "HTTP/1.0",
    lines: ["HTTP/1.0 200 OK", "Content-Length: 1"],
    framing: LENGTH(1),
    isPersistent: false,
  },
  {
    name: "HTTP/1.0 with keep-alive",
    lines: ["HTTP/1.0 200 OK", "Content-Length: 1", "Connection: Keep-Alive"],
    framing: LENGTH(1),
    isPersistent: true,
  },
];

Deno.test("parseResponseHead() determines the framing, and whether the connection is persistent", async (t) => {
  for (const { name, lines, method = "GET", framing, isPersistent } of CASES) {
    await t.step(name, () => {
      const head = parseResponseHead(lines.join("\r\n"), method);
      assertEquals([head.framing, head.isPersistent], [framing, isPersistent]);
    });
  }
});

Deno.test("parseResponseHead() accepts folded lines, and lines that end with LF only", async (t) => {
  const cases = [
    ["LF only", "HTTP/1.1 200 OK\nContent-Length: 5\nX-A: b", "b"],
    ["both line ends", "HTTP/1.1 200 OK\r\nContent-Length: 5\nX-A: b\r\nX-B: c", "b"],
    ["a folded line", "HTTP/1.1 200 OK\r\nX-A: b\r\n  c\r\n\td\r\nContent-Length: 5", "b c d"],
    [
      "a folded line that looks like a field",
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A:\r\n Content-Length: 9",
      "Content-Length: 9",
    ],
    ["a folded line after LF", "HTTP/1.1 200 OK\nContent-Length:\n 5\nX-A: b\n c", "b c"],
  ] as const;
  for (const [name, text, want] of cases) {
    await t.step(name, () => {
      const head = parseResponseHead(text, "GET");
      assertEquals([head.status, head.framing, head.headers.get("x-a")], [200, LENGTH(5), want]);
    });
  }
});

Deno.test("parseResponseHead() rejects other protocols and ambiguous lengths", async (t) => {
  const cases = [
    ["another protocol", ["SSH-2.0-x"]],
    ["HTTP/2", ["HTTP/2 200"]],
    ["two lengths", ["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6"]],
    ["a signed length", ["HTTP/1.1 200 OK", "Content-Length: +5"]],
    ["a length beyond numbers", ["HTTP/1.1 200 OK", "Content-Length: 99999999999999999999"]],
    ["another coding", ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"]],
    ["an invalid field", ["HTTP/1.1 200 OK", "nothing"]],
    ["two lengths, one after LF only", ["HTTP/1.1 200 OK", "Content-Length: 5\nContent-Length: 6"]],
    ["two lengths, one folded", ["HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length:\r\n 6"]],
    ["a folded line after the status line", ["HTTP/1.1 200 OK", " Content-Length: 5"]],
    ["a bare CR", ["HTTP/1.1 200 OK", "X-A: b\rContent-Length: 5"]],
    ["a space before the colon", ["HTTP/1.1 200 OK", "Content-Length : 5"]],
  ] as const;
  for (const [name, lines] of cases) {
    await t.step(name, () => {
      assertThrows(() => parseResponseHead(lines.join("\r\n"), "GET"), Error, "invalid HTTP");
    });
  }
});
