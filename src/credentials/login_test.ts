import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { isRoot, OTHER_UID, plantLink, sharedDirectory } from "../../tests/planted.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import type { CredentialLocations } from "./locations.ts";
import { eraseCredential, storeCredential } from "./login.ts";
import { fileCredentials } from "./source.ts";
import { helpersIn, inDirectory, writeScript } from "./test_kit.ts";

const USER = { kind: "basic", username: "user", password: "secret" } as const;
const AUTH = btoa("user:secret");

const at = (path: string): CredentialLocations => ({ dockerConfig: { path, named: false }, authFiles: [] });

Deno.test("storeCredential() creates docker's file only for its owner, and warns", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/.docker/config.json`;
    const stored = await storeCredential(at(path), "docker.io", USER, neverAborted());
    assertEquals(stored.source, `${path}, key "https://index.docker.io/v1/"`);
    assert(stored.warning?.includes(`stored unencrypted in "${path}"`));
    assertEquals(
      await Deno.readTextFile(path),
      `{\n\t"auths": {\n\t\t"https://index.docker.io/v1/": {\n\t\t\t"auth": "${AUTH}"\n\t\t}\n\t}\n}\n`,
    );
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(((await Deno.stat(`${directory}/.docker`)).mode ?? 0) & 0o777, 0o700);
    const found = await fileCredentials(at(path)).findCredential("docker.io", "library/x", neverAborted());
    assertEquals(found?.credential, USER);
  }));

const LAYOUTS: [what: string, before: string, after: string][] = [
  [
    "two spaces and unknown fields",
    '{\n  "psFormat": "x",\n  "auths": {\n    "a.io": {\n      "auth": "x",\n      "email": "e"\n    }\n  },\n  "n": [\n    1.5\n  ]\n}\n',
    '{\n  "psFormat": "x",\n  "auths": {\n    "a.io": {\n      "auth": "x",\n      "email": "e"\n    },\n    "h.io": {\n      "auth": "AUTH"\n    }\n  },\n  "n": [\n    1.5\n  ]\n}\n',
  ],
  ["one line", '{"auths":{},"x":1}', '{"auths":{"h.io":{"auth":"AUTH"}},"x":1}'],
  [
    "tabs, no newline at the end",
    '{\n\t"x": 1\n}',
    '{\n\t"x": 1,\n\t"auths": {\n\t\t"h.io": {\n\t\t\t"auth": "AUTH"\n\t\t}\n\t}\n}',
  ],
  ["an empty object", "{}\n", '{\n\t"auths": {\n\t\t"h.io": {\n\t\t\t"auth": "AUTH"\n\t\t}\n\t}\n}\n'],
];

Deno.test("storeCredential() keeps the other fields of the file and its indentation", async (t) => {
  for (const [what, before, after] of LAYOUTS) {
    await t.step(what, () =>
      inDirectory(async (directory) => {
        const path = `${directory}/config.json`;
        await Deno.writeTextFile(path, before);
        await storeCredential(at(path), "h.io", USER, neverAborted());
        assertEquals(await Deno.readTextFile(path), after.replace("AUTH", AUTH));
        await eraseCredential(at(path), "h.io", neverAborted());
        const remaining = JSON.parse(await Deno.readTextFile(path));
        assertEquals(remaining, { ...JSON.parse(before), auths: JSON.parse(before).auths ?? {} });
      }));
  }
});

Deno.test("storeCredential() leaves a malformed file unchanged", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/config.json`;
    await Deno.writeTextFile(path, "{broken");
    const error = await assertRejects(
      () => storeCredential(at(path), "h.io", USER, neverAborted()),
      AppError,
      path,
    );
    assertEquals(error.code, "invalid_content");
    assertEquals(await Deno.readTextFile(path), "{broken");
  }));

Deno.test(
  "storeCredential() writes nothing through a link of another user",
  { ignore: !isRoot },
  async () => {
    const { parent, shared } = await sharedDirectory();
    try {
      const [target, link] = [`${shared}/target.json`, `${shared}/config.json`];
      await Deno.writeTextFile(target, "{}");
      await Deno.chown(target, OTHER_UID, OTHER_UID);
      await plantLink(target, link);
      const error = await assertRejects(
        () => storeCredential(at(link), "docker.io", USER, neverAborted()),
        AppError,
        "is a symbolic link of another user",
      );
      assertEquals(error.code, "permission_denied");
      assertEquals(await Deno.readTextFile(target), "{}");
    } finally {
      await Deno.remove(parent, { recursive: true });
    }
  },
);

Deno.test("storeCredential() follows a symbolic link, and rejects a dangling one", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/real.json`, "{}");
    await Deno.symlink("real.json", `${directory}/config.json`);
    await storeCredential(at(`${directory}/config.json`), "h.io", USER, neverAborted());
    assert((await Deno.lstat(`${directory}/config.json`)).isSymlink);
    assert((await Deno.readTextFile(`${directory}/real.json`)).includes(AUTH));
    await Deno.symlink("nowhere", `${directory}/dangling.json`);
    const store = () => storeCredential(at(`${directory}/dangling.json`), "h.io", USER, neverAborted());
    assertEquals((await assertRejects(store, AppError)).code, "invalid_content");
  }));

Deno.test("storeCredential() needs a home directory", async () => {
  const store = () => storeCredential({ authFiles: [] }, "h.io", USER, neverAborted());
  assertEquals(
    (await assertRejects(store, AppError, "neither HOME nor DOCKER_CONFIG")).code,
    "invalid_argument",
  );
});

Deno.test({
  name: "storeCredential() without permission names the flag and doesn't replace an unreadable file",
  permissions: { read: false, write: true },
  async fn() {
    const store = () => storeCredential(at("/some/config.json"), "h.io", USER, neverAborted());
    const error = await assertRejects(store, AppError, "add --allow-read=/some/config.json");
    assertEquals(error.code, "permission_denied");
  },
});

Deno.test("storeCredential() moves the secret from the file to the helper", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/docker-credential-a`, `cat > ${directory}/$1`);
    const path = `${directory}/config.json`;
    await Deno.writeTextFile(path, `{"auths":{"h.io":{"auth":"${AUTH}"}},"credHelpers":{"h.io":"a"}}`);
    const options = helpersIn(directory);
    const stored = await storeCredential(at(path), "h.io", USER, neverAborted(), options);
    assertEquals(stored, { source: `docker-credential-a (credHelpers of ${path})` });
    assertEquals(await Deno.readTextFile(path), '{"auths":{"h.io":{}},"credHelpers":{"h.io":"a"}}');
    assert((await Deno.readTextFile(`${directory}/store`)).includes("secret"));
    assert(await eraseCredential(at(path), "h.io", neverAborted(), options));
    assertEquals(await Deno.readTextFile(`${directory}/erase`), "h.io");
    assertEquals(await Deno.readTextFile(path), '{"auths":{},"credHelpers":{"h.io":"a"}}');
  }));

Deno.test("storeCredential() changes nothing when the helper fails", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/docker-credential-a`, "echo locked >&2", "exit 1");
    const path = `${directory}/config.json`;
    await Deno.writeTextFile(path, '{"credsStore":"a"}');
    const store = () => storeCredential(at(path), "h.io", USER, neverAborted(), helpersIn(directory));
    await assertRejects(store, AppError, "locked");
    assertEquals(await Deno.readTextFile(path), '{"credsStore":"a"}');
  }));

Deno.test("eraseCredential() removes every key of the registry except namespaces", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/config.json`;
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

Deno.test("eraseCredential() creates no file", () =>
  inDirectory(async (directory) => {
    assert(!await eraseCredential(at(`${directory}/a/config.json`), "h.io", neverAborted()));
    assertEquals([...Deno.readDirSync(directory)], []);
  }));

Deno.test("The credential of a namespace is stored and removed under its own name", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/config.json`;
    const other = { kind: "basic", username: "other", password: "password" } as const;
    await storeCredential(at(path), "h.io", USER, neverAborted());
    const { source } = await storeCredential(at(path), "h.io/team/a", other, neverAborted());
    assertEquals(source, `${path}, key "h.io/team/a"`);
    const find = async (repository: string) =>
      (await fileCredentials(at(path)).findCredential("h.io", repository, neverAborted()))?.credential;
    assertEquals([await find("team/a"), await find("team/a/b"), await find("team/b")], [other, other, USER]);
    assert(!await eraseCredential(at(path), "h.io/team", neverAborted()));
    assert(await eraseCredential(at(path), "h.io/team/a", neverAborted()));
    assertEquals([await find("team/a"), await find("x")], [USER, USER]);
  }));

Deno.test("A helper program keeps the credential of a namespace under its name", () =>
  inDirectory(async (directory) => {
    await writeScript(
      `${directory}/docker-credential-a`,
      "name=$(cat)",
      `case "$1 $name" in`,
      `store*) printf %s "$name" >${directory}/kept;;`,
      `"get h.io/team") cat ${directory}/kept;;`,
      "*) echo credentials not found in native keychain; exit 1;;",
      "esac",
    );
    const path = `${directory}/config.json`;
    await Deno.writeTextFile(path, '{"credsStore":"a"}');
    const options = helpersIn(directory);
    await storeCredential(at(path), "h.io/team", USER, neverAborted(), options);
    assertEquals(JSON.parse(await Deno.readTextFile(path)).auths, { "h.io/team": {} });
    const files = fileCredentials(at(path), options);
    assertEquals((await files.findCredential("h.io", "team/app", neverAborted()))?.credential, USER);
    assertEquals(await files.findCredential("h.io", "other/app", neverAborted()), undefined);
  }));
