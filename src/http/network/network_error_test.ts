import { AppError } from "../../base/errors.ts";
import { assertEquals, assertStrictEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { networkErrorFrom, type NetworkReason, networkReasonOf } from "./network_error.ts";

const REQUEST_URL = new URL("https://u:s3cret@reg.example:5000/v2/?sig=s3cret");

/** Messages of the runtime that can't be provoked on loopback. */
const CASES: readonly (readonly [text: string, reason: NetworkReason, isRetryable: boolean])[] = [
  [
    "client error (Connect): dns error: failed to lookup address information: Name or service not known",
    "dns",
    true,
  ],
  ["dns error: failed to lookup address information: Temporary failure in name resolution", "dns", true],
  ["client error (Connect): tcp connect error: Connection refused (os error 111)", "refused", true],
  ["tcp connect error: No route to host (os error 113)", "unreachable", true],
  ["tcp connect error: Network is unreachable (os error 101)", "unreachable", true],
  ["tcp connect error: Connection timed out (os error 110)", "timeout", true],
  ["client error (SendRequest): connection error: Connection reset by peer (os error 104)", "reset", true],
  ["client error (SendRequest): connection closed before message completed", "reset", true],
  ["client error (Connect): tls handshake eof", "reset", true],
  ["invalid peer certificate: UnknownIssuer", "tls_authority", false],
  ["invalid peer certificate: NotValidYet", "tls_expired", false],
  ["invalid peer certificate: BadSignature", "tls", false],
  ["received fatal alert: CertificateRequired", "tls_client", false],
  ["received fatal alert: HandshakeFailure", "tls", false],
  ["peer is incompatible: NoCipherSuitesInCommon", "tls", false],
  ["Requests to port 1 are blocked", "other", false],
  ["invalid HTTP header parsed", "other", true],
  [
    "error sending request for url (https://proxy.dns/tunnel): tcp connect error: Connection refused",
    "refused",
    true,
  ],
  ["something new", "other", true],
];

Deno.test("networkErrorFrom() maps messages to reasons, and names the host without secrets", async (t) => {
  for (const [text, reason, isRetryable] of CASES) {
    await t.step(text, () => {
      for (const thrown of [new TypeError(text), new TypeError("fetch failed", { cause: new Error(text) })]) {
        const error = networkErrorFrom(thrown, REQUEST_URL);
        assertEquals([error.code, error.details.reason, error.details.isRetryable], [
          "network",
          reason,
          isRetryable,
        ]);
        assertStringIncludes(error.message, 'Cannot reach "reg.example:5000": ');
        assertEquals(error.message.includes("s3cret"), false);
      }
    });
  }
});

Deno.test("networkErrorFrom() maps a missing permission, and returns an AppError unchanged", () => {
  const refused = networkErrorFrom(new Deno.errors.NotCapable("Requires net access"), REQUEST_URL);
  assertEquals(refused.code, "permission_denied");
  assertStringIncludes(refused.message, "--allow-net=reg.example:5000");
  const typed = new AppError("unauthorized", "No");
  assertStrictEquals(networkErrorFrom(typed, REQUEST_URL), typed);
  assertEquals(networkReasonOf(typed), undefined);
});

Deno.test("networkErrorFrom() advises --ca-file only for hosts with a non-public address", async (t) => {
  const cases = [
    ["https://127.0.0.1:5000/", "invalid peer certificate: UnknownIssuer", true],
    ["https://[::1]:5000/", "invalid peer certificate: UnknownIssuer", true],
    ["https://10.1.2.3/", "invalid peer certificate: UnknownIssuer", true],
    ["https://registry.example/", "invalid peer certificate: UnknownIssuer", false],
    ["https://127.0.0.1:5000/", "invalid peer certificate: Expired", false],
    ["http://localhost:5000/", "invalid HTTP version parsed", true],
    ["http://10.1.2.3:5000/", "invalid HTTP version parsed", false],
  ] as const;
  for (const [url, text, hasHint] of cases) {
    await t.step(`${url} ${text}`, () => {
      const { message } = networkErrorFrom(new Error(text), new URL(url));
      assertEquals(message.includes("--ca-file"), hasHint, message);
    });
  }
});
