import type { ErrorCode } from "../../base/errors.ts";
import { SecretSet } from "../../base/secret_set.ts";
import { assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import type { HttpResponse } from "../../http/message/http_message.ts";
import { registryErrorFrom } from "./response_error.ts";
import type { Endpoint } from "./endpoint.ts";
import { TestClock } from "../../http/test_clock.ts";

function endpointWith(credentialSource: string): Endpoint {
  return {
    host: "r.test",
    base: new URL("https://r.test/v2/"),
    role: "registry",
    credentialSource,
    secrets: new SecretSet(),
    send: () => Promise.reject(new Error("Not called")),
  };
}

interface TestResponse extends HttpResponse {
  isDisposed: boolean;
}

function responseOf(
  status: number,
  headers: Readonly<Record<string, string>> = {},
  at = "https://r.test/x",
): TestResponse {
  return {
    status,
    headers: new Headers(headers),
    url: new URL(at),
    body: { read: () => Promise.resolve(null) },
    isDisposed: false,
    [Symbol.dispose]() {
      this.isDisposed = true;
    },
  };
}

const CASES: readonly (readonly [status: number, code: ErrorCode, isRetryable: boolean, advice: string])[] = [
  [400, "network", false, "try again later"],
  [401, "unauthorized", false, "log in, or check the name"],
  [403, "forbidden", false, "log in with an account that may pull it"],
  [404, "not_found", false, "no credentials were sent; check the name"],
  [408, "network", true, "try again later"],
  [410, "not_found", false, "check the name"],
  [429, "rate_limited", true, "try again later, or log in for a higher limit"],
  [451, "forbidden", false, "log in with an account"],
  [500, "network", true, "try again later"],
  [501, "network", false, "try again later"],
];

Deno.test("registryErrorFrom() maps each status to one code, with advice, and disposes the response", async (t) => {
  for (const [status, code, isRetryable, advice] of CASES) {
    await t.step(String(status), async () => {
      const response = responseOf(status);
      const error = await registryErrorFrom(response, endpointWith("anonymous"), {
        operation: "Cannot x",
        purpose: "pull",
      }, new TestClock());
      assertEquals([error.code, error.details.isRetryable], [code, isRetryable]);
      assertEquals(error.message.startsWith(`Cannot x: host "r.test" answered ${status}`), true);
      assertStringIncludes(error.message, advice);
      assertEquals(response.isDisposed, true);
    });
  }
});

Deno.test("registryErrorFrom() names the source of the credentials", async () => {
  const endpoint = endpointWith('/home/u/config.json, key "r.test"');
  const error = await registryErrorFrom(
    responseOf(403),
    endpoint,
    { operation: "Cannot x", purpose: "pull" },
    new TestClock(),
  );
  assertStringIncludes(error.message, 'credentials from /home/u/config.json, key "r.test" were sent');
  assertEquals(error.details.credentialSource, '/home/u/config.json, key "r.test"');
});

Deno.test("registryErrorFrom() names the time of the next attempt", async () => {
  const response = responseOf(429, { "retry-after": "61" });
  const error = await registryErrorFrom(response, endpointWith("anonymous"), {
    operation: "Cannot x",
    purpose: "pull",
  }, new TestClock());
  assertStringIncludes(error.message, "try again in 61 s");
  assertEquals(error.details.retryAfter, 61_000);
});

Deno.test("registryErrorFrom() treats a refusal after a redirect as an expired URL", async () => {
  const response = responseOf(403, {}, "https://storage.test/x?signature=secret");
  const error = await registryErrorFrom(response, endpointWith("anonymous"), {
    operation: "Cannot x",
    purpose: "pull",
  }, new TestClock());
  assertEquals(error.details.isRetryable, true);
  assertStringIncludes(
    error.message,
    'host "r.test" redirected to "storage.test", which answered 403; try again later',
  );
  assertEquals(error.message.includes("secret"), false);
});
