import { neverAborted } from "../../base/concurrency/abort.ts";
import { readAll } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { assert, assertEquals, assertMatch, assertRejects } from "../../../tests/assert.ts";
import { networkReasonOf } from "../network/network_error.ts";
import { textOf } from "../test_servers.ts";
import { okText, serveRaw } from "./test_h1.ts";
import { createTransport } from "../transport.ts";

const never = neverAborted();

function open() {
  const transport = createTransport();
  const get = (url: URL, headers: Record<string, string> = {}, method: "GET" | "HEAD" = "GET") =>
    transport.send({ method, url, headers }, never);
  return { get, [Symbol.dispose]: () => transport.close() };
}

Deno.test("Bodies are delimited by length, chunks or the end of the connection", async (t) => {
  const cases = [
    ["a length", okText("hello")],
    [
      "chunks, with extensions and trailers",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n0000000000000003\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n",
    ],
    ["the end of the connection", "HTTP/1.1 200 OK\r\n\r\nhello"],
    ["interim responses", `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${okText("hello")}`],
  ] as const;
  for (const [name, response] of cases) {
    await t.step(name, async () => {
      await using server = serveRaw(async (write) => {
        // Byte by byte: a read may end anywhere.
        for (const character of response) await write(character);
        return response.includes("Content-Length") || response.includes("chunked");
      });
      using client = open();
      assertEquals(await textOf(await client.get(server.url)), "hello");
    });
  }
});

Deno.test("Heads with bare LF and folded lines are accepted, however they are split", async (t) => {
  const heads = [
    "HTTP/1.1 200 OK\nX-A: b\nContent-Length: 4\n\n",
    "HTTP/1.1 200 OK\r\nX-A:\r\n b\r\nContent-Length: 4\r\n\r\n",
    "HTTP/1.1 200 OK\nX-A: b\r\nContent-Length: 4\n\r\n",
  ];
  for (const head of heads) {
    for (let at = 1; at < head.length; at += 5) {
      await t.step(`${JSON.stringify(head)} at ${at}`, async () => {
        await using server = serveRaw(async (write) => {
          await write(head.slice(0, at));
          await new Promise((resolve) => setTimeout(resolve, 1));
          await write(`${head.slice(at)}blob`);
          return true;
        });
        using client = open();
        for (let i = 0; i < 2; i++) {
          using response = await client.get(server.url);
          assertEquals(response.headers.get("x-a"), "b");
          assertEquals(await readAll(response.body, 10, "test"), new TextEncoder().encode("blob"));
        }
        assertEquals(server.requests.length, 1);
      });
    }
  }
});

Deno.test("A body in response to HEAD isn't taken for the next response", async () => {
  const bodySent = Promise.withResolvers<void>();
  await using server = serveRaw(async (write, path) => {
    if (path !== "/head") return await write(okText("good")).then(() => true);
    await write("HTTP/1.1 200 OK\r\nContent-Length: 42\r\n\r\n");
    await new Promise((resolve) => setTimeout(resolve, 20));
    await write(okText("evil")).catch(() => {});
    bodySent.resolve();
    return true;
  });
  using client = open();
  using response = await client.get(new URL("/head", server.url), {}, "HEAD");
  assertEquals([response.status, await response.body.read(new Uint8Array(9))], [200, null]);
  await bodySent.promise;
  assertEquals(await textOf(await client.get(server.url)), "good");
});

Deno.test("A content encoding is not decoded", async () => {
  await using server = serveRaw(async (write) => {
    await write("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nblob");
    return true;
  });
  using client = open();
  using response = await client.get(server.url);
  assertEquals(response.headers.get("content-encoding"), "gzip");
  assertEquals(await readAll(response.body, 10, "test"), new TextEncoder().encode("blob"));
});

Deno.test("A truncated response is a network error, whatever its framing", async (t) => {
  for (
    const truncated of [
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhell",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhell\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
    ]
  ) {
    await t.step(JSON.stringify(truncated), async () => {
      await using server = serveRaw(async (write) => {
        await write(truncated);
        return false;
      });
      using client = open();
      const error = await assertRejects(async () => await textOf(await client.get(server.url)));
      assertEquals(networkReasonOf(error), "reset");
    });
  }
});

Deno.test("Connections are reused, and one that the server has closed is replaced", async () => {
  await using server = serveRaw(async (write, _path, nth) => {
    await write(okText("x"));
    return nth < 1;
  });
  using client = open();
  for (let i = 0; i < 5; i++) assertEquals(await textOf(await client.get(server.url)), "x");
  assertEquals(server.requests.map(({ length }) => length), [2, 2, 1]);
});

Deno.test("Unsolicited bytes are never used as the next response", async () => {
  await using server = serveRaw(async (write) => {
    await write(`${okText("good")}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`);
    return true;
  });
  using client = open();
  for (let i = 0; i < 3; i++) assertEquals(await textOf(await client.get(server.url)), "good");
  assertEquals(server.requests.length, 3);
});

Deno.test("CR and LF in a header are rejected before anything is sent", async (t) => {
  await using server = serveRaw(async (write) => {
    await write(okText("x"));
    return true;
  });
  using client = open();
  const invalid = [
    ["x-a", "b\r\nx-evil: c"],
    ["x-a", "b\r\n\r\nGET /evil HTTP/1.1\r\nhost: x"],
    ["x-a", "b\nx-evil: c"],
    ["x-a", "b\rx-evil: c"],
    ["x-a", "b\0"],
    ["x-a", "\u{100}"],
    ["x-a: b\r\nx-evil", "c"],
    ["x-a:", "b"],
    ["", "b"],
  ] as const;
  for (const [name, value] of invalid) {
    await t.step(JSON.stringify([name, value]), async () => {
      await assertRejects(async () => await textOf(await client.get(server.url, { [name]: value })));
      assertEquals(server.requests, []);
    });
  }
  await t.step("every other character is sent", async () => {
    assertEquals(await textOf(await client.get(server.url, { "x-a": "\t ~\x80\xff" })), "x");
  });
});

/** Responses of which a client must not read more than a limit; each one ends well for a client without the limit. */
const UNBOUNDED: readonly (readonly [name: string, response: string])[] = [
  [
    "a head",
    `HTTP/1.1 200 OK\r\n${"X-Long: aaaaaaaaaaaaaaaaaaaaaaaa\r\n".repeat(4_000)}Content-Length: 0\r\n\r\n`,
  ],
  [
    "interim responses",
    `${"HTTP/1.1 103 Early Hints\r\nLink: </aaaaaaa>\r\n\r\n".repeat(2_000)}${okText("x")}`,
  ],
  [
    "a chunk size",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;${"x".repeat(200_000)}\r\nx\r\n0\r\n\r\n`,
  ],
  ["trailers", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${"X-A: b\r\n".repeat(200)}\r\n`],
];

Deno.test("The parts of a response that a client must buffer or skip have limits", async (t) => {
  for (const [name, response] of UNBOUNDED) {
    await t.step(name, async () => {
      await using server = serveRaw(async (write) => {
        await write(response);
        return true;
      });
      using client = open();
      const error = await assertRejects(async () => await textOf(await client.get(server.url)));
      assert(error instanceof AppError && error.cause instanceof Error);
      assertMatch(error.cause.message, /^invalid HTTP (?:header|chunk|trailers)/);
    });
  }
});
