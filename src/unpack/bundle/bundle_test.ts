import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { isCode } from "../../base/errors.ts";
import { parseImageConfig } from "../../oci/image_config.ts";
import { makeRuntimeConfig } from "./bundle.ts";
import { Box, make, testBoth } from "../apply/layer_fake.ts";
import { readTreeText } from "./tree_text.ts";
import { resolveUser } from "./user.ts";

const { file, directory, symlink } = make;

function runtimeConfig(config: unknown, fields: object, rootless?: { uid: number; gid: number }) {
  const image = {
    os: "linux",
    architecture: "amd64",
    config,
    rootfs: { type: "layers", diff_ids: [] },
    ...fields,
  };
  const user = { uid: 5, gid: 6, additionalGids: [7] };
  const options = rootless === undefined ? { user } : { user, rootless };
  const parsed = parseImageConfig(new TextEncoder().encode(JSON.stringify(image)), "config");
  return makeRuntimeConfig(parsed, options) as Record<string, Record<string, unknown>>;
}

Deno.test("makeRuntimeConfig() converts the fields of the image config", () => {
  const { process, root, annotations, mounts } = runtimeConfig({
    Entrypoint: ["/entry", "point"],
    Cmd: ["and", "command"],
    Env: ["PATH=/bin", "A=b=c"],
    WorkingDir: "srv",
    StopSignal: "SIGINT",
    ExposedPorts: { "80/tcp": {}, "53/udp": {} },
    Volumes: { "/data": {} },
    Labels: { own: "label", "org.opencontainers.image.author": "wins" },
  }, { author: "me", created: "2020-01-01T00:00:00Z", variant: "v3" });
  assert(process && root);
  assertEquals(process.args, ["/entry", "point", "and", "command"]);
  assertEquals(process.env, ["TERM=xterm", "PATH=/bin", "A=b=c"]);
  assertEquals([process.cwd, process.user, root.path], [
    "/srv",
    { uid: 5, gid: 6, additionalGids: [7] },
    "rootfs",
  ]);
  assertEquals(annotations, {
    "org.opencontainers.image.os": "linux",
    "org.opencontainers.image.architecture": "amd64",
    "org.opencontainers.image.variant": "v3",
    "org.opencontainers.image.author": "wins",
    "org.opencontainers.image.created": "2020-01-01T00:00:00Z",
    "org.opencontainers.image.stopSignal": "SIGINT",
    "org.opencontainers.image.exposedPorts": "53/udp,80/tcp",
    own: "label",
  });
  assertEquals((mounts as unknown as { destination: string }[]).at(-1)?.destination, "/data");
});

Deno.test("makeRuntimeConfig() has defaults, and maps ids for a user without root", () => {
  const { process } = runtimeConfig({}, {});
  assert(process);
  assertEquals([process.args, process.cwd], [["sh"], "/"]);
  const { process: mapped, linux } = runtimeConfig({}, {}, { uid: 1000, gid: 100 });
  assertEquals(mapped?.user, { uid: 5, gid: 6 });
  assertEquals([linux?.uidMappings, linux?.gidMappings], [
    [{ containerID: 0, hostID: 1000, size: 1 }],
    [{ containerID: 0, hostID: 100, size: 1 }],
  ]);
});

const ACCOUNTS = [
  file("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:33:34::/:\n77:x:88:89::/:\n"),
  file("etc/group", "root:x:0:\nweb:x:34:\nextra:x:50:other,web\nmore:x:51:web\n"),
];

Deno.test("resolveUser() resolves names and numbers, with and without a group", async (t) => {
  using box = new Box();
  await box.unpack([ACCOUNTS]);
  const cases: readonly [string, number, number, readonly number[]][] = [
    ["", 0, 0, []],
    ["web", 33, 34, [50, 51]],
    ["33", 33, 34, [50, 51]],
    ["web:extra", 33, 50, []],
    ["web:7", 33, 7, []],
    ["1234", 1234, 0, []],
    ["1234:extra", 1234, 50, []],
    ["77", 88, 89, []],
  ];
  for (const [user, uid, gid, additionalGids] of cases) {
    await t.step(
      user,
      async () => assertEquals(await resolveUser(box.root, user), { uid, gid, additionalGids }),
    );
  }
  for (const user of ["nobody", "web:none", "4294967295", "-1"]) {
    assert(isCode(await assertRejects(() => resolveUser(box.root, user)), "invalid_content"), user);
  }
});

Deno.test("resolveUser() shortens a name in its error", async () => {
  using box = new Box();
  await box.unpack([ACCOUNTS]);
  for (const user of ["u".repeat(100_000), `web:${"g".repeat(100_000)}`]) {
    const { message } = await assertRejects(() => resolveUser(box.root, user), Error);
    assert(message.length < 250, message);
  }
});

testBoth("readTreeText() follows symlinks only inside the tree", async (calls) => {
  using box = new Box();
  const links = [
    symlink("absolute", "/etc/passwd"),
    symlink("d/up", "../../../etc/passwd"),
    symlink("leave", "../outside/victim"),
    symlink("host", `${box.outside}/victim`),
    symlink("dir", "etc"),
    symlink("slash", "etc/"),
    symlink("circle", "circle"),
  ];
  await box.unpack([[...ACCOUNTS, directory("d"), ...links]], { calls });
  const want = Deno.readTextFileSync(`${box.root}/etc/passwd`);
  for (const path of ["/etc/passwd", "absolute", "d/up", "dir/passwd"]) {
    assertEquals(await readTreeText(box.root, path), want);
  }
  for (const path of ["leave", "host", "dir", "slash", "none", "etc"]) {
    assertEquals(await readTreeText(box.root, path), undefined);
  }
  assert(isCode(await assertRejects(() => readTreeText(box.root, "circle")), "invalid_content"));
});
