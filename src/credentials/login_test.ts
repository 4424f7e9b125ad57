import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import type { CredentialLocations } from "./locations.ts";
import { eraseCredential, storeCredential } from "./login.ts";
import { fileCredentials } from "./source.ts";
import { inFolder, runnerIn, writeScript } from "./test_kit.ts";

const USER = { kind: "basic", username: "user", password: "secret" } as const;
const AUTH = btoa("user:secret");

const at = (path: string): CredentialLocations => ({ dockerConfig: { path, named: false }, authFiles: [] });

Deno.test("storeCredential() makes docker's file for its owner alone, and warns", () =>
  inFolder(async (folder) => {
    const path = `${folder}/.docker/config.json`;
    const stored = await storeCredential(at(path), "docker.io", USER, neverAborted());
    assertEquals(stored.source, `${path}, key "https://index.docker.io/v1/"`);
    assert(stored.warning?.includes(`stored unencrypted in "${path}"`));
    assertEquals(
      await Deno.readTextFile(path),
      `{\n\t"auths": {\n\t\t"https://index.docker.io/v1/": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}\n`,
    );
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(((await Deno.stat(`${folder}/.docker`)).mode ?? 0) & 0o777, 0o700);
    const found = await fileCredentials(at(path)).findCredential("docker.io", "library/x", neverAborted());
    assertEquals(found?.credential, USER);
  }));

const LAYOUTS: [what: string, before: string, after: string][] = [
  [
    "two spaces and fields that we don't know",
    '{\n  "psFormat": "x",\n  "auths": {\n    "a.io": {\n      "auth": "x",\n      "email": "e"\n    }\n  },\n  "n": [\n    1.5\n  ]\n}\n',
    '{\n  "psFormat": "x",\n  "auths": {\n    "a.io": {\n      "auth": "x",\n      "email": "e"\n    },\n    "h.io": {\n      "auth": "AUTH"\n    }\n  },\n  "n": [\n    1.5\n  ]\n}\n',
  ],
  ["one line", '{"auths":{},"x":1}', '{"auths":{"h.io":{"auth":"AUTH"}},"x":1}'],
  [
    "tabs, no new line at the end",
    '{\n\t"x": 1\n}',
    '{\n\t"x": 1,\n\t"auths": {\n\t\t"h.io": {\n\t\t\t"auth": "AUTH"\n\t\t}\n\t}\n}',
  ],
  ["an empty object", "{}\n", '{\n\t"auths": {\n\t\t"h.io": {\n\t\t\t"auth": "AUTH"\n\t\t}\n\t}\n}\n'],
];

Deno.test("storeCredential() keeps what else the file holds, and its layout", async (t) => {
  for (const [what, before, after] of LAYOUTS) {
    await t.step(what, () =>
      inFolder(async (folder) => {
        const path = `${folder}/config.json`;
        await Deno.writeTextFile(path, before);
        await storeCredential(at(path), "h.io", USER, neverAborted());
        assertEquals(await Deno.readTextFile(path), after.replace("AUTH", AUTH));
        await eraseCredential(at(path), "h.io", neverAborted());
        const left = JSON.parse(await Deno.readTextFile(path));
        assertEquals(left, { ...JSON.parse(before), auths: JSON.parse(before).auths ?? {} });
      }));
  }
});

Deno.test("storeCredential() leaves a broken file as it is", () =>
  inFolder(async (folder) => {
    const path = `${folder}/config.json`;
    await Deno.writeTextFile(path, "{broken");
    const error = await assertRejects(
      () => storeCredential(at(path), "h.io", USER, neverAborted()),
      AppError,
      path,
    );
    assertEquals(error.code, "invalid_content");
    assertEquals(await Deno.readTextFile(path), "{broken");
  }));

Deno.test("storeCredential() writes through a link, and refuses one that leads nowhere", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/real.json`, "{}");
    await Deno.symlink("real.json", `${folder}/config.json`);
    await storeCredential(at(`${folder}/config.json`), "h.io", USER, neverAborted());
    assert((await Deno.lstat(`${folder}/config.json`)).isSymlink);
    assert((await Deno.readTextFile(`${folder}/real.json`)).includes(AUTH));
    await Deno.symlink("nowhere", `${folder}/dangling.json`);
    const store = () => storeCredential(at(`${folder}/dangling.json`), "h.io", USER, neverAborted());
    assertEquals((await assertRejects(store, AppError)).code, "invalid_content");
  }));

Deno.test("storeCredential() needs a home", async () => {
  const store = () => storeCredential({ authFiles: [] }, "h.io", USER, neverAborted());
  assertEquals(
    (await assertRejects(store, AppError, "neither HOME nor DOCKER_CONFIG")).code,
    "invalid_argument",
  );
});

Deno.test({
  name: "storeCredential() without permission names the flags and never writes over what it can't read",
  permissions: { read: false, write: true },
  async fn() {
    const store = () => storeCredential(at("/some/config.json"), "h.io", USER, neverAborted());
    const error = await assertRejects(store, AppError, "add --allow-read=/some/config.json");
    assertEquals(error.code, "permission_denied");
  },
});

Deno.test("storeCredential() gives the secret to the helper, and takes it out of the file", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/docker-credential-a`, `cat > ${folder}/$1`);
    const path = `${folder}/config.json`;
    await Deno.writeTextFile(path, `{"auths":{"h.io":{"auth":"${AUTH}"}},"credHelpers":{"h.io":"a"}}`);
    const run = runnerIn(folder);
    const stored = await storeCredential(at(path), "h.io", USER, neverAborted(), { run });
    assertEquals(stored, { source: `docker-credential-a (credHelpers of ${path})` });
    assertEquals(await Deno.readTextFile(path), '{"auths":{"h.io":{}},"credHelpers":{"h.io":"a"}}');
    assert((await Deno.readTextFile(`${folder}/store`)).includes("secret"));
    assert(await eraseCredential(at(path), "h.io", neverAborted(), { run }));
    assertEquals(await Deno.readTextFile(`${folder}/erase`), "h.io");
    assertEquals(await Deno.readTextFile(path), '{"auths":{},"credHelpers":{"h.io":"a"}}');
  }));

Deno.test("storeCredential() changes nothing when the helper fails", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/docker-credential-a`, "echo locked >&2", "exit 1");
    const path = `${folder}/config.json`;
    await Deno.writeTextFile(path, '{"credsStore":"a"}');
    const store = () => storeCredential(at(path), "h.io", USER, neverAborted(), { run: runnerIn(folder) });
    await assertRejects(store, AppError, "locked");
    assertEquals(await Deno.readTextFile(path), '{"credsStore":"a"}');
  }));

Deno.test("eraseCredential() removes every key of the registry and no namespace", () =>
  inFolder(async (folder) => {
    const path = `${folder}/config.json`;
    const auths = {
      "h.io": {},
      "https://h.io/v1/": { auth: "x" },
      "h.io/ns": { auth: "y" },
      "x.io": { auth: "z" },
    };
    await Deno.writeTextFile(path, JSON.stringify({ auths }));
    assert(await eraseCredential(at(path), "h.io", neverAborted()));
    assertEquals(JSON.parse(await Deno.readTextFile(path)), {
      auths: { "h.io/ns": { auth: "y" }, "x.io": { auth: "z" } },
    });
    assert(!await eraseCredential(at(path), "h.io", neverAborted()));
  }));

Deno.test("eraseCredential() makes no file where there is none", () =>
  inFolder(async (folder) => {
    assert(!await eraseCredential(at(`${folder}/a/config.json`), "h.io", neverAborted()));
    assertEquals([...Deno.readDirSync(folder)], []);
  }));
