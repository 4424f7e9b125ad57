import { assertEquals } from "../../../tests/assert.ts";
import { receivedResponse } from "./response.ts";
import { parseResponseHead } from "./response_head.ts";

const HEAD = parseResponseHead("HTTP/1.1 200 OK\r\nContent-Length: 5", "GET");
const URL_HERE = new URL("http://reg.example/");

function received() {
  const memory = new TextEncoder().encode("hello");
  let given = 0;
  const body = {
    head: HEAD,
    body: memory,
    [Symbol.dispose]: () => void given++,
  };
  return { response: receivedResponse(body, URL_HERE), given: () => given };
}

Deno.test("A received body gives its memory back at its last byte, and once", async () => {
  const { response, given } = received();
  const buffer = new Uint8Array(3);
  assertEquals(await response.body.read(buffer), 3);
  assertEquals(given(), 0);
  assertEquals([await response.body.read(buffer), buffer[0]], [2, "l".charCodeAt(0)]);
  assertEquals(given(), 1);
  assertEquals(await response.body.read(buffer), null);
  response[Symbol.dispose]();
  assertEquals(given(), 1);
});

Deno.test("A received body that was let go of gives no byte of whoever has its memory now", async () => {
  const { response, given } = received();
  response[Symbol.dispose]();
  assertEquals(given(), 1);
  assertEquals(await response.body.read(new Uint8Array(3)), null);
});
