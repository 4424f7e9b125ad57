import { AddressPolicy } from "./auth/address_policy.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { startRegistry } from "../../tests/registry/mod.ts";
import { ANONYMOUS } from "../content/credential.ts";
import { createHosts } from "../hosts/hosts.ts";
import { networkReasonOf } from "../http/network/network_error.ts";
import { openSession } from "./auth/session.ts";
import { noRoots, textOf } from "../http/test_servers.ts";
import { BOB } from "./auth/test_sessions.ts";
import { TokenCache } from "./auth/token_cache.ts";
import { createTransport } from "../http/transport.ts";

Deno.test("One directory in certs.d makes a registry and its token server trusted", async () => {
  await using registry = await startRegistry({
    tls: true,
    auth: { kind: "bearer", users: { bob: "s3cret" } },
  });
  const { digest } = registry.push("a/b", "v1", await buildImage());
  const dir = await Deno.makeTempDir({ prefix: "dray-certs-" });
  const directory = `${dir}/${registry.host.replace(":", "_")}_`;
  await Deno.mkdir(directory);
  await Deno.writeTextFile(`${directory}/ca.crt`, registry.authority?.cert ?? "");
  const hosts = createHosts({ certsDirs: [dir] });
  const [host] = await hosts.hostsFor(registry.host);
  assert(host);
  assertEquals(host.base.href, `https://${registry.host}/v2/`);
  const request = {
    method: "GET",
    path: "a/b/manifests/v1",
    headers: { accept: "application/vnd.oci.image.manifest.v1+json, */*" },
  } as const;
  const transport = createTransport({ tls: hosts }, noRoots);
  const session = openSession(host, "a/b", BOB, {
    transport,
    tokens: new TokenCache(),
    addresses: new AddressPolicy(),
  });
  const response = await session.send(request, neverAborted());
  assertEquals([response.status, response.headers.get("docker-content-digest")], [200, digest]);
  await textOf(response);
  assertEquals(registry.requests.all.map(({ server, method }) => `${server} ${method}`), [
    "registry GET",
    "token POST",
    "registry GET",
  ]);
  // The connection of the rejected request was reused.
  assertEquals(registry.connections, 1);
  transport.close();

  const untrusting = createTransport({}, noRoots);
  const session2 = openSession(host, "a/b", ANONYMOUS, {
    transport: untrusting,
    tokens: new TokenCache(),
    addresses: new AddressPolicy(),
  });
  const error = await assertRejects(() => session2.send(request, neverAborted()));
  assertEquals(networkReasonOf(error), "tls_authority");
  untrusting.close();
  await Deno.remove(dir, { recursive: true });
});
