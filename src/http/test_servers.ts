/**
 * Loopback servers and certificates for the tests of HTTP clients.
 *
 * @module
 */
import { createAuthority, type KeyedCertificate } from "../../tests/certificates/mod.ts";
import { readAll } from "../base/bytes.ts";
import type { HttpResponse } from "./message/http_message.ts";

/** A running server that logs its requests. */
export interface TestServer extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** One line per request: `GET /v2/ auth=…`. */
  readonly log: string[];
}

const LOOPBACK = ["localhost", "registry.test", "127.0.0.1", "::1"];
const authority = await createAuthority();
const CERTIFICATES = {
  ca: authority,
  server: await authority.issue(LOOPBACK, { usage: "server" }),
  client: await authority.issue(["client.test"], { usage: "client" }),
  "other-name": await authority.issue(["other.test"], { usage: "server" }),
  expired: await authority.issue(LOOPBACK, { usage: "server", valid: "past" }),
  "not-yet": await authority.issue(LOOPBACK, { usage: "server", valid: "future" }),
} as const satisfies Record<string, KeyedCertificate>;

/** The test certificates, all issued by `ca`. */
export type CertificateName = keyof typeof CERTIFICATES;

/** Returns a certificate or its key in PEM, by file name: `ca.crt`, `server.key`. */
export function testPem(file: `${CertificateName}.${"crt" | "key"}`): string {
  const [name, end] = file.split(".") as [CertificateName, "crt" | "key"];
  return CERTIFICATES[name][end === "crt" ? "cert" : "key"];
}

/** Starts a server; with TLS if `tls` names its certificate. */
export function serve(
  handler: (request: Request) => Response | Promise<Response>,
  options: { readonly tls?: CertificateName; readonly host?: string } = {},
): TestServer {
  const log: string[] = [];
  const { tls, host = "127.0.0.1" } = options;
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    ...(tls === undefined ? {} : { cert: testPem(`${tls}.crt`), key: testPem(`${tls}.key`) }),
  }, (request) => {
    const { pathname, search } = new URL(request.url);
    const authorization = request.headers.get("authorization");
    log.push(
      `${request.method} ${pathname}${search}${authorization === null ? "" : ` auth=${authorization}`}`,
    );
    return handler(request);
  });
  return {
    url: new URL(`${tls === undefined ? "http" : "https"}://${host}:${server.addr.port}/`),
    port: server.addr.port,
    log,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Instead of the CA bundle of the machine that runs the tests. */
export function noRoots(): Promise<undefined> {
  return Promise.resolve(undefined);
}

/** A signal that ends a test whose own time limit doesn't work, so that it fails instead of hanging. Dispose it. */
export function testDeadline(ms = 10_000): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`The test didn't end within ${ms} ms`)), ms);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Reads a response as text and disposes it. */
export async function textOf(response: HttpResponse): Promise<string> {
  using _response = response;
  return new TextDecoder().decode(await readAll(response.body, 1_000_000, "test response"));
}
