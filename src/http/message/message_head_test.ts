import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { parseMessageHead, parseRequestLine, parseStatusLine } from "./message_head.ts";

Deno.test("parseMessageHead() joins repeated fields and ignores the case of names", () => {
  const lines = ["GET / HTTP/1.1", "Host: x", "X-A:  b c \t", "x-a: d", 'ETag: "a:b"', "X-Empty:"];
  const { startLine, headers } = parseMessageHead(lines.join("\r\n"));
  assertEquals(startLine, "GET / HTTP/1.1");
  assertEquals([headers.get("x-a"), headers.get("ETAG"), headers.get("x-empty")], ["b c, d", '"a:b"', ""]);
  assertEquals([headers.has("X-Empty"), headers.has("x-b"), headers.get("x-b")], [true, false, null]);
});

Deno.test("parseMessageHead() rejects lines that aren't fields", async (t) => {
  const cases = [
    ["a folded line", " c"],
    ["a space before the colon", "Content-Length : 5"],
    ["no colon", "nothing"],
    ["no name", ": x"],
    ["a NUL in a value", "X-A: b\0c"],
    ["a bare LF in a value", "X-A: b\nContent-Length: 5"],
    ["a bare CR in a value", "X-A: b\rContent-Length: 5"],
  ] as const;
  for (const [name, line] of cases) {
    await t.step(name, () => {
      assertThrows(
        () => parseMessageHead(`HTTP/1.1 200 OK\r\nX-A: b\r\n${line}`),
        Error,
        "invalid HTTP header",
      );
    });
  }
});

Deno.test("parseStatusLine() accepts HTTP/1.0 and HTTP/1.1 only", async (t) => {
  const cases = [
    ["HTTP/1.1 200 OK", { minorVersion: 1, status: 200 }],
    ["HTTP/1.0 404 Not Found", { minorVersion: 0, status: 404 }],
    ["HTTP/1.1 200", { minorVersion: 1, status: 200 }],
    ["HTTP/1.1 200 ", { minorVersion: 1, status: 200 }],
    ["HTTP/1.1 099 x", undefined],
    ["HTTP/1.1 2000", undefined],
    ["HTTP/1.2 200 OK", undefined],
    ["HTTP/2 200", undefined],
    ["http/1.1 200 OK", undefined],
    ["SSH-2.0-x", undefined],
    ["", undefined],
  ] as const;
  for (const [line, want] of cases) {
    await t.step(line || "(empty)", () => assertEquals(parseStatusLine(line), want));
  }
});

Deno.test("parseRequestLine() accepts HTTP/1.0 and HTTP/1.1 only", async (t) => {
  const cases = [
    ["GET /a?b=c HTTP/1.1", { method: "GET", target: "/a?b=c" }],
    ["HEAD * HTTP/1.0", { method: "HEAD", target: "*" }],
    ["GET /", undefined],
    ["GET / HTTP/2.0", undefined],
    ["get / HTTP/1.1", undefined],
    ["GET  / HTTP/1.1", undefined],
    ["GET /a b HTTP/1.1", undefined],
  ] as const;
  for (const [line, want] of cases) {
    await t.step(line, () => assertEquals(parseRequestLine(line), want));
  }
});
