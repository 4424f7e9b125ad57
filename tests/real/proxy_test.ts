import { assert, assertEquals } from "../assert.ts";
import { sandbox } from "../e2e/program.ts";
import { buildImage } from "../images/mod.ts";
import { startRegistry } from "../registry/mod.ts";
import { Server } from "./child.ts";
import { realTest, tool } from "./tools.ts";

/** Finds an address of this machine other than loopback, because dray uses no proxy for loopback. */
function ownAddress(): string {
  const found = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  );
  if (found === undefined) throw new Error("This machine has only loopback addresses");
  return found.address;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Starts tinyproxy. Its lines log the requests. */
async function startProxy(directory: string): Promise<{ readonly url: string; readonly server: Server }> {
  const port = freePort();
  const settings = [
    `Port ${port}`,
    "Listen 127.0.0.1",
    "Timeout 60",
    "LogLevel Info",
    "MaxClients 50",
    'ViaProxyName "test-proxy"',
    "Allow 127.0.0.1",
    "BasicAuth who knows",
  ];
  await Deno.writeTextFile(`${directory}/tinyproxy.conf`, settings.join("\n") + "\n");
  const server = new Server(tool("tinyproxy"), ["-d", "-c", `${directory}/tinyproxy.conf`]);
  await server.until(/listening on fd|Accepting connections/i);
  return { url: `http://who:knows@127.0.0.1:${port}`, server };
}

realTest(
  { tools: ["tinyproxy"] },
  "a real proxy is used for http and https, and not for NO_PROXY",
  async (t) => {
    await using box = await sandbox();
    const { url, server: proxy } = await startProxy(box.directory);
    await using _proxy = proxy;
    const hostname = ownAddress();
    const image = await buildImage({ layers: 3 });
    const countLines = (pattern: RegExp) => proxy.lines.filter((line) => pattern.test(line)).length;

    await t.step("http", async () => {
      await using registry = await startRegistry({ hostname });
      const { reference } = registry.push("app", "v1", image);
      await box.ok(["pull", "--plain-http", reference], { env: { HTTP_PROXY: url } });
      assert(registry.requests.all.length >= 4);
      for (const entry of registry.requests.all) assert(entry.headers.get("via")?.includes("test-proxy"));
      assert(registry.requests.all.every((entry) => !entry.headers.has("proxy-authorization")));
    });
    await t.step("https, by CONNECT", async () => {
      await using registry = await startRegistry({ hostname, tls: true });
      const { reference } = registry.push("app", "v2", await buildImage({ seed: 2 }));
      await Deno.writeTextFile(`${box.directory}/ca.pem`, registry.authority?.cert ?? "");
      await box.ok(["pull", "--ca-file", `${box.directory}/ca.pem`, reference], {
        env: { HTTPS_PROXY: url },
      });
      assert(registry.requests.all.length >= 4);
      assert(countLines(new RegExp(`CONNECT ${registry.host}`)) > 0);
      assert(registry.requests.all.every((entry) => !entry.headers.has("via")));
    });
    await t.step("NO_PROXY", async () => {
      await using registry = await startRegistry({ hostname });
      const { reference } = registry.push("app", "v3", await buildImage({ seed: 3 }));
      for (const no of [hostname, "10.0.0.1, *", `${hostname.replace(/\.[0-9]+$/, ".0")}/24`]) {
        await box.ok(["pull", "--plain-http", reference], { env: { HTTP_PROXY: url, NO_PROXY: no } });
        assertEquals(registry.requests.all.filter((entry) => entry.headers.has("via")).length, 0, no);
      }
    });
    await t.step("an unreachable proxy", async () => {
      await using registry = await startRegistry({ hostname });
      const { reference } = registry.push("app", "v4", await buildImage({ seed: 4 }));
      const env = { HTTP_PROXY: `http://127.0.0.1:${freePort()}` };
      assertEquals((await box.dray(["pull", "--plain-http", reference], { env })).code, 5);
      assertEquals(registry.requests.all.length, 0);
    });
  },
);
