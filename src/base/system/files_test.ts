import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { writeFileAtomically } from "./files.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const namesIn = (directory: string) => [...Deno.readDirSync(directory)].map((entry) => entry.name);

Deno.test("writeFileAtomically() creates and replaces a file with the given mode", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a.json`;
    await writeFileAtomically(path, text("one"), 0o600);
    assertEquals(await Deno.readTextFile(path), "one");
    await Deno.chmod(path, 0o644);
    await writeFileAtomically(path, text("two"), 0o600);
    assertEquals(await Deno.readTextFile(path), "two");
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(namesIn(directory), ["a.json"]);
  }));

Deno.test("writeFileAtomically() leaves no temporary file when it fails", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/taken`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/kept`, "kept");
    await assertRejects(() => writeFileAtomically(path, text("one"), 0o600));
    assertEquals(namesIn(directory), ["taken"]);
    assertEquals(namesIn(path), ["kept"]);
    await assertRejects(
      () => writeFileAtomically(`${directory}/missing/a`, text("one"), 0o600),
      Deno.errors.NotFound,
    );
  }));

Deno.test("writeFileAtomically() keeps the owner when root writes a user's file", {
  ignore: Deno.uid() !== 0,
}, () =>
  inDirectory(async (directory) => {
    const path = `${directory}/a`;
    await Deno.chown(directory, 4321, 4322);
    await Deno.writeTextFile(path, "one");
    await Deno.chown(path, 4321, 4322);
    await writeFileAtomically(path, text("two"), 0o600);
    const { uid, gid } = await Deno.stat(path);
    assertEquals([uid, gid], [4321, 4322]);
  }));

Deno.test("writeFileAtomically() gives root's file to no owner of a planted file or link", {
  ignore: Deno.uid() !== 0,
}, () =>
  inDirectory(async (directory) => {
    const own = `${directory}/own`;
    await Deno.writeTextFile(own, "one");
    await Deno.chown(own, 4321, 4322);
    await Deno.symlink(own, `${directory}/link`);
    for (const path of [own, `${directory}/link`]) {
      await writeFileAtomically(path, text("secret"), 0o600);
      assertEquals((await Deno.lstat(path)).uid, 0);
      assertEquals(await Deno.readTextFile(path), "secret");
    }
  }));
