import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { writeFileAtomically } from "./files.ts";

const text = (value: string) => new TextEncoder().encode(value);

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => [...Deno.readDirSync(folder)].map((entry) => entry.name);

Deno.test("writeFileAtomically() makes and replaces a file with the mode it is given", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.json`;
    await writeFileAtomically(path, text("one"), 0o600);
    assertEquals(await Deno.readTextFile(path), "one");
    await Deno.chmod(path, 0o644);
    await writeFileAtomically(path, text("two"), 0o600);
    assertEquals(await Deno.readTextFile(path), "two");
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(namesIn(folder), ["a.json"]);
  }));

Deno.test("writeFileAtomically() leaves nothing behind when it can't finish", () =>
  inFolder(async (folder) => {
    const path = `${folder}/taken`;
    await Deno.mkdir(path);
    await Deno.writeTextFile(`${path}/kept`, "kept");
    await assertRejects(() => writeFileAtomically(path, text("one"), 0o600));
    assertEquals(namesIn(folder), ["taken"]);
    assertEquals(namesIn(path), ["kept"]);
    await assertRejects(
      () => writeFileAtomically(`${folder}/missing/a`, text("one"), 0o600),
      Deno.errors.NotFound,
    );
  }));

Deno.test("writeFileAtomically() keeps the owner when root writes a user's file", {
  ignore: Deno.uid() !== 0,
}, () =>
  inFolder(async (folder) => {
    const path = `${folder}/a`;
    await Deno.writeTextFile(path, "one");
    await Deno.chown(path, 4321, 4322);
    await writeFileAtomically(path, text("two"), 0o600);
    const { uid, gid } = await Deno.stat(path);
    assertEquals([uid, gid], [4321, 4322]);
  }));
