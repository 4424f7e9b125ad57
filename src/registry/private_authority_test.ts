import { neverAborted } from "../base/abort.ts";
import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { startRegistry } from "../../tests/registry/mod.ts";
import { createHosts } from "../hosts/hosts.ts";
import { networkReasonOf } from "../http/network/network_error.ts";
import { openSession } from "./auth/session.ts";
import { textOf } from "../http/test_servers.ts";
import { BOB, NOBODY } from "./auth/test_sessions.ts";
import { TokenCache } from "./auth/token_cache.ts";
import { createTransport } from "../http/transport.ts";

Deno.test("A registry and its token server behind a private authority are trusted by one folder in certs.d", async () => {
  await using registry = await startRegistry({
    tls: true,
    auth: { kind: "bearer", users: { bob: "s3cret" } },
  });
  const { digest } = registry.push("a/b", "v1", await buildImage());
  const dir = await Deno.makeTempDir({ prefix: "dray-certs-" });
  const folder = `${dir}/${registry.host.replace(":", "_")}_`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/ca.crt`, registry.authority?.cert ?? "");
  const hosts = createHosts({ certsDirs: [dir] });
  const [host] = await hosts.hostsFor(registry.host);
  assert(host);
  assertEquals(host.base.href, `https://${registry.host}/v2/`);
  const request = {
    method: "GET",
    path: "a/b/manifests/v1",
    headers: { accept: "application/vnd.oci.image.manifest.v1+json, */*" },
  } as const;
  const transport = createTransport({ tls: hosts, systemRoots: () => Promise.resolve(undefined) });
  const session = openSession(host, "a/b", BOB, { transport, tokens: new TokenCache() });
  const response = await session.send(request, neverAborted());
  assertEquals([response.status, response.headers.get("docker-content-digest")], [200, digest]);
  await textOf(response);
  assertEquals(registry.requests.all.map(({ server, method }) => `${server} ${method}`), [
    "registry GET",
    "token POST",
    "registry GET",
  ]);
  // The refused request's connection served again.
  assertEquals(registry.connections, 1);
  transport.close();

  const stranger = createTransport({ systemRoots: () => Promise.resolve(undefined) });
  const refused = openSession(host, "a/b", NOBODY, { transport: stranger, tokens: new TokenCache() });
  const error = await assertRejects(() => refused.send(request, neverAborted()));
  assertEquals(networkReasonOf(error), "tls_authority");
  stranger.close();
  await Deno.remove(dir, { recursive: true });
});
