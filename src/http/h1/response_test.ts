import { assertEquals } from "../../../tests/assert.ts";
import { receivedResponse } from "./response.ts";
import { parseResponseHead } from "./response_head.ts";

const HEAD = parseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 5", "GET");
const RESPONSE_URL = new URL("http://reg.example/");

function received() {
  let disposed = 0;
  const body = {
    head: HEAD,
    body: new TextEncoder().encode("hello"),
    [Symbol.dispose]: () => void disposed++,
  };
  return { response: receivedResponse(body, RESPONSE_URL), disposed: () => disposed };
}

Deno.test("receivedResponse() releases its buffer once, with the last byte", async () => {
  const { response, disposed } = received();
  const buffer = new Uint8Array(3);
  assertEquals(await response.body.read(buffer), 3);
  assertEquals(disposed(), 0);
  assertEquals([await response.body.read(buffer), buffer[0]], [2, "l".charCodeAt(0)]);
  assertEquals(disposed(), 1);
  assertEquals(await response.body.read(buffer), null);
  response[Symbol.dispose]();
  assertEquals(disposed(), 1);
});

Deno.test("receivedResponse() returns no byte after its disposal: the buffer belongs to another response", async () => {
  const { response, disposed } = received();
  response[Symbol.dispose]();
  assertEquals(disposed(), 1);
  assertEquals(await response.body.read(new Uint8Array(3)), null);
});
