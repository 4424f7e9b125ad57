import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import type { HttpRequest, HttpResponse } from "./message/http_message.ts";
import { sendFollowingRedirects } from "./redirects.ts";
import { EMPTY_READER } from "./message/stream_reader.ts";
import { noRoots, serve, testPem, textOf } from "./test_servers.ts";
import { createTransport } from "./transport.ts";

const never = neverAborted();
const SECRETS = { authorization: "Bearer s3cret", cookie: "c=s3cret", "x-token": "s3cret" };
const SAFE = { accept: "a/b", range: "bytes=5-", "user-agent": "dray" };

type Step = readonly [status: number, location: string];

/** Follows the scripted redirects; every later response is a 200. */
async function follow(
  first: string,
  steps: readonly Step[],
  changes: Partial<HttpRequest> = {},
): Promise<{ readonly sent: readonly HttpRequest[]; readonly discarded: number }> {
  const sent: HttpRequest[] = [];
  let discarded = 0;
  const request: HttpRequest = {
    method: "GET",
    url: new URL(first),
    headers: { ...SECRETS, ...SAFE },
    ...changes,
  };
  const response = await sendFollowingRedirects(
    request,
    (request) => {
      const [status, location] = steps[sent.length] ?? [200, ""];
      sent.push(request);
      return Promise.resolve(respond(status, location, request.url));
    },
    () => {
      discarded++;
      return Promise.resolve();
    },
    never,
  );
  assertEquals(response.url.href, sent.at(-1)?.url.href);
  return { sent, discarded };
}

function respond(status: number, location: string, url: URL): HttpResponse {
  const headers = new Headers(location === "" ? {} : { location });
  return { status, headers, url, body: EMPTY_READER, [Symbol.dispose]() {} };
}

Deno.test("Redirects within an origin keep all headers", async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    await t.step(`${status}`, async () => {
      const { sent, discarded } = await follow("https://a.example/x", [[status, "/y?z=1"]]);
      assertEquals(sent[1]?.url.href, "https://a.example/y?z=1");
      assertEquals(sent[1]?.headers, { ...SECRETS, ...SAFE });
      assertEquals(discarded, 1);
    });
  }
});

Deno.test("Another origin receives only safe headers, and the dropped ones don't come back", async (t) => {
  const locations = [
    "https://b.example/",
    "https://a.example:8443/",
    "https://sub.a.example/",
    "//b.example/x",
  ];
  for (const location of locations) {
    await t.step(location, async () => {
      const { sent } = await follow("https://a.example/x", [[307, location], [
        307,
        "https://a.example/back",
      ]]);
      assertEquals(sent[1]?.headers, SAFE);
      assertEquals(sent[2]?.headers, SAFE);
    });
  }
  await t.step("from http to https of the same host", async () => {
    const { sent } = await follow("http://a.example/x", [[301, "https://a.example/x"]]);
    assertEquals(sent[1]?.headers, SAFE);
  });
});

Deno.test("User information in a location is dropped", async () => {
  const { sent } = await follow("https://a.example/x", [[302, "https://u:p@b.example/y"]]);
  assertEquals(sent[1]?.url.href, "https://b.example/y");
});

Deno.test("At most ten redirects are followed", async () => {
  const steps: Step[] = Array.from({ length: 10 }, (_, i) => [302, `/${i}`]);
  assertEquals((await follow("https://a.example/x", steps)).sent.length, 11);
  const error = await assertRejects(() => follow("https://a.example/x?sig=s3cret", [...steps, [302, "/10"]]));
  assert(error instanceof AppError);
  assertEquals([error.code, error.details.isRetryable], ["network", false]);
  assertStringIncludes(error.message, "more than 10");
  assert(!error.message.includes("s3cret"));
});

Deno.test("Unsafe redirects are refused, with URLs that contain no secrets", async (t) => {
  const cases = [
    ["https://a.example/?sig=s3cret", "http://a.example/?sig=s3cret"],
    ["https://a.example/?sig=s3cret", "http://127.0.0.1/?sig=s3cret"],
    ["https://a.example/?sig=s3cret", "ftp://a.example/s3cret"],
    ["https://a.example/?sig=s3cret", "file:///etc/s3cret"],
    ["http://a.example/?sig=s3cret", "data:text/plain,s3cret"],
    ["https://a.example/?sig=s3cret", "https://["],
  ] as const;
  for (const [first, location] of cases) {
    await t.step(`${first} -> ${location}`, async () => {
      const error = await assertRejects(() => follow(first, [[307, location]]));
      assert(error instanceof AppError && error.details.reason === "redirect");
      assert(!error.message.includes("s3cret"), error.message);
    });
  }
});

Deno.test("Other statuses, and redirects without a location, are final", async () => {
  for (const step of [[304, "/y"], [200, "/y"], [201, "/y"], [401, "/y"], [302, ""], [300, "/y"]] as const) {
    assertEquals((await follow("https://a.example/x", [step])).sent.length, 1);
  }
});

const FORM: Partial<HttpRequest> = {
  method: "POST",
  body: "password=s3cret",
  headers: { "content-type": "form", accept: "a/b" },
};

Deno.test("A form is resent only to its own origin, and only after 307 and 308", async () => {
  const same = await follow("https://a.example/x", [[307, "/y"]], FORM);
  assertEquals([same.sent[1]?.method, same.sent[1]?.body], ["POST", "password=s3cret"]);
  for (const status of [301, 302, 303]) {
    const { sent } = await follow("https://a.example/x", [[status, "https://b.example/y"]], FORM);
    assertEquals([sent[1]?.method, sent[1]?.body, sent[1]?.headers], ["GET", undefined, { accept: "a/b" }]);
  }
  for (const status of [307, 308]) {
    const error = await assertRejects(() =>
      follow("https://a.example/x", [[status, "https://b.example/y"]], FORM)
    );
    assert(error instanceof AppError && !error.message.includes("s3cret"));
  }
});

Deno.test("checkRedirect can refuse a redirect", async () => {
  const seen: string[] = [];
  const refusal = new Error("refused");
  const checkRedirect = (url: URL) => {
    seen.push(url.href);
    return url.hostname === "b.example" ? Promise.reject(refusal) : Promise.resolve();
  };
  const steps: Step[] = [[302, "/y"], [302, "https://b.example/"]];
  assertEquals(await assertRejects(() => follow("https://a.example/x", steps, { checkRedirect })), refusal);
  assertEquals(seen, ["https://a.example/y", "https://b.example/"]);
});

Deno.test("A redirect target is trusted with the CAs of the redirecting host", async () => {
  await using storage = serve((request) => new Response(request.headers.get("authorization") ?? "nothing"), {
    tls: "server",
    host: "localhost",
  });
  await using registry = serve(
    () => new Response(null, { status: 307, headers: { location: storage.url.href } }),
    {
      tls: "server",
    },
  );
  const transport = createTransport({
    tls: {
      tlsFor: (url) =>
        Promise.resolve({ caCerts: url.host === registry.url.host ? [testPem("ca.crt")] : [] }),
    },
  }, noRoots);
  const request: HttpRequest = { method: "GET", url: registry.url, headers: SECRETS };
  assertEquals(await textOf(await transport.send(request, never)), "nothing");
  transport.close();
});
