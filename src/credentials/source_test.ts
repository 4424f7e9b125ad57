import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { chainCredentials, fileCredentials, fixedCredentials } from "./source.ts";
import { helpersIn, inDirectory, writeConfig, writeScript } from "./test_kit.ts";

const entry = (username: string) => ({ auth: btoa(`${username}:secret`) });

/** The user name that a docker config has for the reference `name`. */
async function userOf(directory: string, document: unknown, name: string): Promise<string | undefined> {
  await writeConfig(`${directory}/config.json`, document);
  const dockerConfig = { path: `${directory}/config.json`, named: false };
  const source = fileCredentials({ dockerConfig, authFiles: [] }, helpersIn(directory));
  const slash = name.indexOf("/");
  const found = await source.findCredential(name.slice(0, slash), name.slice(slash + 1), neverAborted());
  return found?.credential.kind === "basic" ? found.credential.username : undefined;
}

const AUTHS = {
  "h.io": entry("host"),
  "h.io/ns": entry("ns"),
  "h.io/ns/app": entry("app"),
  "x.io": entry("x"),
};

const FILES: [what: string, document: unknown, name: string, want: string | undefined][] = [
  ["the whole path", { auths: AUTHS }, "h.io/ns/app", "app"],
  ["the namespace", { auths: AUTHS }, "h.io/ns/other", "ns"],
  ["the registry", { auths: AUTHS }, "h.io/other/app", "host"],
  ["another registry", { auths: AUTHS }, "y.io/ns/app", undefined],
  [
    "an empty entry doesn't count",
    { auths: { "h.io": entry("host"), "h.io/ns": {} } },
    "h.io/ns/app",
    "host",
  ],
  ["credsStore", { credsStore: "a" }, "h.io/ns/app", "a"],
  ["credHelpers before credsStore", { credsStore: "a", credHelpers: { "h.io": "b" } }, "h.io/ns/app", "b"],
  ["credsStore for the others", { credsStore: "a", credHelpers: { "h.io": "b" } }, "x.io/app", "a"],
  ["a helper for a namespace", { credHelpers: { "h.io": "b", "h.io/ns": "a" } }, "h.io/ns/app", "a"],
  ["a helper before an entry", { credsStore: "a", auths: AUTHS }, "h.io/other", "a"],
  ["a namespace before a helper for all", { credsStore: "a", auths: AUTHS }, "h.io/ns/app", "app"],
  ["an entry where the helper has none", { credsStore: "none", auths: AUTHS }, "h.io/other", "host"],
  [
    "a registry excluded from credsStore",
    { credsStore: "a", credHelpers: { "h.io": "" } },
    "h.io/app",
    undefined,
  ],
  [
    "Docker Hub's helper",
    { credHelpers: { "https://index.docker.io/v1/": "b" } },
    "docker.io/library/x",
    "b",
  ],
  ["nulls", { auths: null, credHelpers: null, credsStore: null }, "h.io/app", undefined],
];

Deno.test("fileCredentials() uses the most specific key, and helpers before entries", () =>
  inDirectory(async (directory) => {
    for (const user of ["a", "b"]) {
      await writeScript(
        `${directory}/docker-credential-${user}`,
        `echo '{"Username":"${user}","Secret":"s"}'`,
      );
    }
    await writeScript(
      `${directory}/docker-credential-none`,
      "echo credentials not found in native keychain",
      "exit 1",
    );
    for (const [what, document, name, want] of FILES) {
      assertEquals(await userOf(directory, document, name), want, what);
    }
  }));

Deno.test("fileCredentials() uses the first file with a credential and names it", () =>
  inDirectory(async (directory) => {
    const dockerConfig = { path: `${directory}/config.json`, named: false };
    const authFiles = [{ path: `${directory}/auth.json`, named: false }];
    await writeConfig(dockerConfig.path, { auths: { "h.io": entry("docker") } });
    await writeConfig(`${directory}/auth.json`, {
      auths: { "h.io/ns": entry("podman"), "x.io": entry("podman") },
    });
    const source = fileCredentials({ dockerConfig, authFiles });
    assertEquals(await source.findCredential("h.io", "ns/app", neverAborted()), {
      credential: { kind: "basic", username: "docker", password: "secret" },
      source: `${directory}/config.json, key "h.io"`,
    });
    const other = await source.findCredential("x.io", "app", neverAborted());
    assertEquals(other?.source, `${directory}/auth.json, key "x.io"`);
  }));

Deno.test("fileCredentials() names the helper and its file as the source", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/docker-credential-a`, `echo '{"Username":"<token>","Secret":"t"}'`);
    await writeConfig(`${directory}/config.json`, { credsStore: "a" });
    const dockerConfig = { path: `${directory}/config.json`, named: true };
    const source = fileCredentials({ dockerConfig, authFiles: [] }, helpersIn(directory));
    assertEquals(await source.findCredential("h.io", "app", neverAborted()), {
      credential: { kind: "refresh", token: "t" },
      source: `docker-credential-a (credsStore of ${directory}/config.json)`,
    });
  }));

const BROKEN: [what: string, text: string, message: string][] = [
  ["invalid JSON", '{"auths": secret', "not valid JSON"],
  ["a list", "[]", "expected an object"],
  ["auths that isn't an object", '{"auths": "secret"}', '"auths": expected an object'],
  [
    "a helper's name that isn't a string",
    '{"credHelpers": {"h.io": 1}}',
    '"credHelpers"["h.io"]: expected a string',
  ],
  ["an entry that isn't an object", '{"auths": {"h.io": "secret"}}', 'key "h.io": expected an object'],
];

Deno.test("fileCredentials() names a malformed file and doesn't quote it", async (t) => {
  for (const [what, text, message] of BROKEN) {
    await t.step(what, () =>
      inDirectory(async (directory) => {
        const path = `${directory}/config.json`;
        await Deno.writeTextFile(path, text);
        const source = fileCredentials({ dockerConfig: { path, named: false }, authFiles: [] });
        const find = () => source.findCredential("h.io", "app", neverAborted());
        const error = await assertRejects(find, AppError, message);
        assertEquals(error.code, "invalid_content");
        assert(error.message.startsWith(`Cannot read credential file "${path}"`));
        assert(!Deno.inspect(error).includes("secret"));
      }));
  }
});

Deno.test("fileCredentials() ignores a malformed entry of another registry", () =>
  inDirectory(async (directory) => {
    assertEquals(await userOf(directory, { auths: { ...AUTHS, "x.io": { auth: "!" } } }, "h.io/app"), "host");
  }));

Deno.test("fileCredentials() finds nothing in empty and missing files", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/empty`, " \n");
    const authFiles = [`${directory}/empty`, `${directory}/none`, `${directory}/empty/none`].map((path) => ({
      path,
      named: true,
    }));
    assertEquals(
      await fileCredentials({ authFiles }).findCredential("h.io", "app", neverAborted()),
      undefined,
    );
  }));

Deno.test({
  name: "fileCredentials() without read permission skips guessed files and names the flag for others",
  permissions: { read: false },
  async fn() {
    const find = (named: boolean) =>
      fileCredentials({ authFiles: [{ path: "/some/auth.json", named }] })
        .findCredential("h.io", "app", neverAborted());
    assertEquals(await find(false), undefined);
    const error = await assertRejects(() => find(true), AppError);
    assertEquals(error.code, "permission_denied");
    assert(error.message.endsWith("add --allow-read=/some/auth.json"));
  },
});

Deno.test("fixedCredentials() applies only to its registry", async () => {
  const credential = { kind: "basic", username: "u", password: "p" } as const;
  const source = fixedCredentials("h.io", credential, "--username");
  const find = (registry: string) => source.findCredential(registry, "app", neverAborted());
  assertEquals(await find("h.io"), { credential, source: "--username" });
  assertEquals(await find("x.io"), undefined);
});

Deno.test("chainCredentials() uses the first source with a credential", async () => {
  const make = (registry: string, name: string) =>
    fixedCredentials(registry, { kind: "bearer", token: "t" }, name);
  const chain = chainCredentials(make("x.io", "first"), make("h.io", "second"), make("h.io", "third"));
  assertEquals((await chain.findCredential("h.io", "app", neverAborted()))?.source, "second");
  assertEquals(await chain.findCredential("y.io", "app", neverAborted()), undefined);
});

Deno.test("fileCredentials() searches the text of DOCKER_AUTH_CONFIG before all files", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/config.json`;
    await writeConfig(path, {
      auths: { "h.io": { auth: btoa("file:1") }, "x.io": { auth: btoa("file:2") } },
    });
    const inline = JSON.stringify({ auths: { "h.io": { auth: btoa("inline:3") } } });
    const locations = { inline, authFiles: [{ path, named: true }] };
    const find = (registry: string) =>
      fileCredentials(locations).findCredential(registry, "a", neverAborted());
    assertEquals(await find("h.io"), {
      credential: { kind: "basic", username: "inline", password: "3" },
      source: '$DOCKER_AUTH_CONFIG, key "h.io"',
    });
    assertEquals((await find("x.io"))?.source, `${path}, key "x.io"`);
    const broken = fileCredentials({ inline: "{s3cret", authFiles: [] });
    const error = await assertRejects(() => broken.findCredential("h.io", "a", neverAborted()), AppError);
    assertEquals(error.code, "invalid_content");
    assert(error.message.includes("$DOCKER_AUTH_CONFIG") && !Deno.inspect(error).includes("s3cret"));
  }));
