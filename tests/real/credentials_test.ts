import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { storeCredential } from "../../src/credentials/login.ts";
import { fileCredentials } from "../../src/credentials/source.ts";
import { assert, assertEquals } from "../assert.ts";
import { startRegistry } from "../registry/mod.ts";
import { realTest, tool } from "./tools.ts";

const USER = { kind: "basic", username: "user", password: "pa:ss" } as const;

async function skopeo(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(tool("skopeo"), { args }).output();
  const decoder = new TextDecoder();
  assert(success, decoder.decode(stderr));
  return decoder.decode(stdout).trim();
}

realTest({ tools: ["skopeo"] }, "skopeo and dray read credentials that the other stored", async (t) => {
  const directory = await Deno.makeTempDir();
  await using registry = await startRegistry({ auth: USER, tls: true });
  try {
    await t.step("skopeo reads dray's", async () => {
      const path = `${directory}/ours.json`;
      const locations = { dockerConfig: { path, named: true }, authFiles: [] };
      await storeCredential(locations, registry.host, USER, neverAborted());
      assertEquals(await skopeo("login", "--get-login", "--authfile", path, registry.host), "user");
      await skopeo("logout", "--authfile", path, registry.host);
      const left = await fileCredentials(locations).findCredential(registry.host, "ns/app", neverAborted());
      assertEquals(left, undefined);
    });
    await t.step("dray reads skopeo's, only for its namespace", async () => {
      const path = `${directory}/skopeo.json`;
      const login = ["login", "--tls-verify=false", "--username", "user", "--password", "pa:ss"];
      await skopeo(...login, "--authfile", path, `${registry.host}/ns`);
      const source = fileCredentials({ authFiles: [{ path, named: true }] });
      assertEquals(await source.findCredential(registry.host, "ns/app", neverAborted()), {
        credential: USER,
        source: `${path}, key "${registry.host}/ns"`,
      });
      assertEquals(await source.findCredential(registry.host, "other/app", neverAborted()), undefined);
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
