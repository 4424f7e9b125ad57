import { createServer } from "node:https";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { noRoots, testPem, textOf } from "../test_servers.ts";
import type { TlsIdentity } from "./tls.ts";
import { createTransport } from "../transport.ts";

/** Servers of older Deno versions can't request a client certificate. */
const [major = 0, minor = 0] = Deno.version.deno.split(".").map(Number);
const cannotRequest = major === 2 && minor < 9;

Deno.test({
  name: "A client certificate is sent to its server only, not to a redirect target",
  ignore: cannotRequest,
  async fn() {
    const server = createServer({
      cert: testPem("server.crt"),
      key: testPem("server.key"),
      ca: [testPem("ca.crt")],
      requestCert: true,
      rejectUnauthorized: true,
    }, (request, response) => {
      const isStart = request.url === "/start";
      response.writeHead(isStart ? 307 : 200, isStart ? { location: `https://localhost:${port}/` } : {});
      response.end("accepted");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert(address !== null && typeof address === "object");
    const { port } = address;
    const known: TlsIdentity = {
      caCerts: [testPem("ca.crt")],
      client: { cert: testPem("client.crt"), key: testPem("client.key") },
    };
    const transport = createTransport({
      tls: { tlsFor: (url) => Promise.resolve(url.hostname === "127.0.0.1" ? known : { caCerts: [] }) },
    }, noRoots);
    const get = (path: string) =>
      transport.send(
        { method: "GET", url: new URL(path, `https://127.0.0.1:${port}`), headers: {} },
        neverAborted(),
      );
    try {
      assertEquals(await textOf(await get("/")), "accepted");
      const error = await assertRejects(() => get("/start"));
      assert(error instanceof AppError);
      assertEquals([error.details.reason, error.details.host], ["tls_client", `localhost:${port}`]);
    } finally {
      transport.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  },
});
