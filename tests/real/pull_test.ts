import { realImages } from "../../scripts/real_images.ts";
import { assert, assertEquals } from "../assert.ts";
import { type Sandbox, sandbox } from "../e2e/program.ts";
import { buildIndex } from "../images/mod.ts";
import { type Distribution, PASSWORD, startDistribution, USER } from "./distribution.ts";
import { pushTo } from "./push.ts";
import { realTest, SLOW_MS } from "./tools.ts";

const IMAGE_TOOLS = ["registry", "skopeo", "dpkg-deb"];
const AS_USER = ["-u", USER, "--password-stdin"];

/** Pulls an image, and checks that all of it is stored and verified. */
async function pullAndVerify(box: Sandbox, args: readonly string[], stdin?: string): Promise<void> {
  await box.ok(["pull", ...args], stdin === undefined ? {} : { stdin });
  await box.ok(["verify"]);
  assert((await box.json(["images"])).length > 0);
}

/** A `config.json` with an identity token, so that tokens are requested with POST. */
async function writeIdentity(box: Sandbox, registry: Distribution, identitytoken: string): Promise<void> {
  await Deno.mkdir(`${box.home}/.docker`);
  const auths = { [registry.host]: { auth: btoa("<token>:"), identitytoken } };
  await Deno.writeTextFile(`${box.home}/.docker/config.json`, JSON.stringify({ auths }));
}

realTest(
  { tools: IMAGE_TOOLS, timeout: SLOW_MS },
  "real images are pulled from the real registry, with every kind of authentication",
  async (t) => {
    const { storage, repository, tags } = await realImages();
    for (const tag of tags) {
      await t.step(`${tag}, open`, async () => {
        await using registry = await startDistribution({ storage });
        await using box = await sandbox();
        await pullAndVerify(box, [`${registry.host}/${repository}:${tag}`]);
        const [image] = await box.json(["images"]);
        assertEquals(image.names, [`${registry.host}/${repository}:${tag}`]);
      });
    }
    const name = (registry: Distribution) => `${registry.host}/${repository}:docker`;
    await t.step("TLS and Basic auth, with --ca-file", async () => {
      await using registry = await startDistribution({ storage, tls: true, auth: "basic" });
      await using box = await sandbox();
      await pullAndVerify(box, [...AS_USER, "--ca-file", registry.caFile, name(registry)], PASSWORD);
      const wrong = ["pull", ...AS_USER, "--ca-file", registry.caFile, name(registry)];
      assertEquals((await box.dray(wrong, { stdin: "wrong" })).code, 4);
      assertEquals((await box.dray(["pull", name(registry)])).code, 5, "an untrusted authority");
    });
    await t.step("TLS and Basic auth, with a certs directory and a login", async () => {
      await using registry = await startDistribution({ storage, tls: true, auth: "basic" });
      await using box = await sandbox();
      const certs = `${box.directory}/certs.d`;
      await Deno.mkdir(`${certs}/${registry.host}`, { recursive: true });
      await Deno.copyFile(registry.caFile, `${certs}/${registry.host}/ca.crt`);
      await box.ok(["login", ...AS_USER, "--certs-dir", certs, registry.host], { stdin: PASSWORD });
      await pullAndVerify(box, ["--certs-dir", certs, name(registry)]);
    });
    await t.step("a token server, by GET", async () => {
      await using registry = await startDistribution({ storage, auth: "token", token: { methods: ["GET"] } });
      await using box = await sandbox();
      await pullAndVerify(box, [...AS_USER, name(registry)], PASSWORD);
      assertEquals(registry.tokens?.requests.all.filter((entry) => entry.status === 200).length, 1);
    });
    await t.step("a token server, by POST", async () => {
      const token = { identityTokens: ["who-I-am"], users: {} };
      await using registry = await startDistribution({ storage, auth: "token", token });
      await using box = await sandbox();
      await writeIdentity(box, registry, "who-I-am");
      await pullAndVerify(box, [name(registry)]);
      const [request] = registry.tokens?.requests.all ?? [];
      assertEquals([request?.method, request?.form.get("grant_type")], ["POST", "refresh_token"]);
    });
    await t.step("a token server that refuses anonymous users", async () => {
      await using registry = await startDistribution({ storage, auth: "token" });
      await using box = await sandbox();
      assertEquals((await box.dray(["pull", name(registry)])).code, 4);
    });
  },
);

realTest({ tools: ["registry"] }, "platforms are pulled from the real registry", async () => {
  await using registry = await startDistribution();
  await using box = await sandbox();
  for (const format of ["oci", "docker"] as const) {
    const index = await buildIndex({ format, platforms: ["linux/amd64", "linux/arm64/v8", "linux/arm/v7"] });
    const reference = await pushTo(registry.origin, "app", format, index);
    const id = await box.ok(["pull", "--quiet", "--platform", "linux/arm64", reference]);
    assertEquals(id.trim(), index.images[1]?.config.digest);
    await pullAndVerify(box, ["--all-platforms", reference]);
  }
  assertEquals((await box.ok(["tags", `${registry.host}/app`])).trim().split("\n"), ["docker", "oci"]);
});

realTest(
  { tools: ["registry"] },
  "two parallel processes fetch each blob of the real registry once",
  async () => {
    const { storage, repository } = await realImages();
    await using registry = await startDistribution({ storage });
    await using box = await sandbox();
    const reference = `${registry.host}/${repository}:oci-gzip`;
    const names = await Promise.all(Array.from({ length: 4 }, () => box.ok(["pull", reference])));
    assertEquals(new Set(names).size, 1);
    const gets = (await registry.accessLog())
      .filter(({ method, path }) => method === "GET" && path.includes("/blobs/"))
      .map(({ path }) => path);
    assertEquals(gets.length, new Set(gets).size);
    assertEquals(gets.length, 5);
    await box.ok(["verify"]);
  },
);
