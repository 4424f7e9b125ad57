import { assert, assertEquals } from "../../../tests/assert.ts";
import { areTrailers, requestHeaders } from "./request_headers.ts";
import type { HeaderField } from "../hpack/static_table.ts";

const REQUEST: HeaderField[] = [[":method", "POST"], [":scheme", "http"], [":path", "/a"]];

Deno.test("requestHeaders() refuses malformed lists", async (t) => {
  const cases: [name: string, fields: HeaderField[]][] = [
    ["no path", REQUEST.slice(0, 2)],
    ["an empty path", [...REQUEST.slice(0, 2), [":path", ""]]],
    ["a pseudo-header twice", [...REQUEST, [":path", "/b"]]],
    ["an unknown pseudo-header", [...REQUEST, [":status", "200"]]],
    ["a pseudo-header after others", [...REQUEST, ["a", "b"], [":authority", "c"]]],
    ["an upper-case name", [...REQUEST, ["A", "b"]]],
    ["an empty name", [...REQUEST, ["", "b"]]],
    ["a hop-by-hop header", [...REQUEST, ["connection", "close"]]],
    ["te with a value other than trailers", [...REQUEST, ["te", "gzip"]]],
    ["a line break in a value", [...REQUEST, ["a", "b\r\nc: d"]]],
    ["a line break in the path", [...REQUEST.slice(0, 2), [":path", "/\n"]]],
  ];
  for (const [name, fields] of cases) {
    await t.step(name, () => assertEquals(requestHeaders(fields), undefined));
  }
});

Deno.test("requestHeaders() accepts the headers of real clients", () => {
  const headers = requestHeaders([...REQUEST, [":authority", "%2Frun%2Fx.sock"], ["te", "trailers"], [
    "a",
    "1",
  ], [
    "a",
    "2",
  ]]);
  assertEquals(headers?.get("a"), "1,2");
  assertEquals(headers?.get(":authority"), "%2Frun%2Fx.sock");
});

Deno.test("areTrailers() allows no pseudo-headers", () => {
  assert(areTrailers([["a", "b"]]));
  assert(!areTrailers([[":path", "/"]]));
  assert(!areTrailers([["a", "b\0"]]));
});
