import { assert, assertEquals, assertRejects } from "../assert.ts";
import { buildImage, buildIndex } from "../images/mod.ts";
import { runOk } from "./child.ts";
import { PASSWORD, startDistribution, USER } from "./distribution.ts";
import { pushTo } from "./push.ts";
import { realTest, tool } from "./tools.ts";

const TOOLS = ["registry", "crane"];

realTest(
  { tools: TOOLS },
  "startDistribution() stores pushed images, and other clients read them",
  async () => {
    await using registry = await startDistribution();
    const index = await buildIndex({ format: "docker" });
    const reference = await pushTo(registry.origin, "team/app", "v1", index);
    assertEquals((await runOk(tool("crane"), ["digest", reference])).trim(), index.root.digest);
    await runOk(tool("crane"), ["validate", "--remote", reference]);
    const log = await registry.accessLog();
    assert(log.some((line) => line.method === "HEAD" && line.path === "/v2/team/app/manifests/v1"));
  },
);

realTest(
  { tools: [...TOOLS, "skopeo"] },
  "startDistribution() requires credentials",
  async (t) => {
    const storage = await Deno.makeTempDir();
    const home = await Deno.makeTempDir();
    const env = { HOME: home };
    {
      await using open = await startDistribution({ storage });
      await pushTo(open.origin, "app", "v1", await buildImage());
    }
    await t.step("Basic over TLS", async () => {
      await using registry = await startDistribution({ tls: true, auth: "basic", storage });
      const trusting = { ...env, SSL_CERT_FILE: registry.caFile };
      await assertRejects(() =>
        runOk(tool("crane"), ["digest", `${registry.host}/app:v1`], { env: trusting })
      );
      await runOk(tool("crane"), ["auth", "login", registry.host, "-u", USER, "-p", PASSWORD], {
        env: trusting,
      });
      await runOk(tool("crane"), ["validate", "--remote", `${registry.host}/app:v1`], { env: trusting });
    });
    await t.step("tokens of the test's token server", async () => {
      await using registry = await startDistribution({ auth: "token", storage });
      // crane refuses token servers on loopback.
      const inspect = ["inspect", "--tls-verify=false", `docker://${registry.host}/app:v1`];
      await assertRejects(() => runOk(tool("skopeo"), inspect, { env }));
      await runOk(tool("skopeo"), [...inspect, "--creds", `${USER}:${PASSWORD}`], { env });
      assert((registry.tokens?.requests.tokens.length ?? 0) > 0);
    });
    for (const directory of [storage, home]) await Deno.remove(directory, { recursive: true });
  },
);
