import { assertEquals, assertStringIncludes, assertThrows } from "../../../tests/assert.ts";
import { isRoot, OTHER_UID, plantLink, sharedDirectory } from "../../../tests/planted.ts";
import { AppError } from "../errors.ts";
import { openTempFile } from "./files.ts";
import { isForeign, isWritableByAll, resolveOwnLinks } from "./ownership.ts";

async function inShared(test: (parent: string, shared: string) => Promise<void>): Promise<void> {
  const { parent, shared } = await sharedDirectory();
  try {
    await test(parent, shared);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
}

Deno.test("resolveOwnLinks() follows links of the current user", () =>
  inShared(async (parent, shared) => {
    await Deno.mkdir(`${parent}/a/b`, { recursive: true });
    await Deno.symlink("a/b", `${parent}/relative`);
    await Deno.symlink(`${parent}/relative`, `${shared}/absolute`);
    await Deno.symlink("../shared/absolute", `${shared}/up`);
    for (
      const [path, want] of [
        [`${shared}/absolute`, `${parent}/a/b`],
        [`${shared}//./up/`, `${parent}/a/b`],
        [`${shared}/up/new`, `${parent}/a/b/new`],
        [`${parent}/relative/../c`, `${parent}/a/c`],
        [`${shared}/missing`, `${shared}/missing`],
        ["missing/name", "missing/name"],
        [".", "."],
        ["..", ".."],
        ["../../x", "../../x"],
        ["/", "/"],
        ["/..", "/"],
        ["/dev/null", "/dev/null"],
      ] as const
    ) assertEquals(resolveOwnLinks(path), want, path);
    await Deno.symlink("circle", `${parent}/circle`);
    assertEquals(assertThrows(() => resolveOwnLinks(`${parent}/circle`), AppError).code, "invalid_argument");
  }));

Deno.test(
  "resolveOwnLinks() refuses links that another user may have planted",
  { ignore: !isRoot },
  () =>
    inShared(async (parent, shared) => {
      await Deno.mkdir(`${parent}/directory`);
      await plantLink(`${parent}/directory`, `${shared}/planted`);
      await Deno.symlink(`${shared}/planted`, `${parent}/indirect`);
      for (const path of [`${shared}/planted`, `${shared}/planted/file`, `${parent}/indirect`]) {
        const error = assertThrows(() => resolveOwnLinks(path), AppError);
        assertEquals(error.code, "permission_denied");
        assertStringIncludes(error.message, `"${shared}/planted" is a symbolic link of another user`);
      }
      // The other user's own directory: its owner decides where its links lead.
      const home = `${parent}/home`;
      await Deno.mkdir(home);
      await Deno.chown(home, OTHER_UID, OTHER_UID);
      await plantLink(`${parent}/directory`, `${home}/link`);
      assertEquals(resolveOwnLinks(`${home}/link/file`), `${parent}/directory/file`);
      assertThrows(() => resolveOwnLinks(`${home}/link`), AppError);
    }),
);

Deno.test("openTempFile() leaves the file behind a planted link alone, and replaces one behind an own link", {
  ignore: !isRoot,
}, () =>
  inShared(async (parent, shared) => {
    const victim = `${parent}/victim`;
    await Deno.writeTextFile(victim, "unchanged");
    await plantLink(victim, `${shared}/planted`);
    await Deno.symlink(victim, `${shared}/own`);
    const write = async (path: string) => {
      await using file = await openTempFile(path);
      await file.write(new TextEncoder().encode("new"));
      await file.commit();
    };
    const refused = await write(`${shared}/planted`).then(() => undefined, (error) => error);
    assertEquals(refused instanceof AppError && refused.code, "permission_denied");
    assertEquals(await Deno.readTextFile(victim), "unchanged");
    await write(`${shared}/own`);
    assertEquals(await Deno.readTextFile(victim), "new");
    assertEquals(Array.from(Deno.readDirSync(shared), ({ name }) => name).sort(), ["own", "planted"]);
  }));

Deno.test(
  "openTempFile() keeps the mode of an own file, but not that of another user's",
  { ignore: !isRoot },
  () =>
    inShared(async (_parent, shared) => {
      const cases = [["own", 0, 0o600, 0o600], ["foreign", OTHER_UID, 0o606, 0o644]] as const;
      for (const [name, uid, mode, want] of cases) {
        const path = `${shared}/${name}`;
        await Deno.writeTextFile(path, "old");
        await Deno.chown(path, uid, uid);
        await Deno.chmod(path, mode);
        await using file = await openTempFile(path);
        await file.commit();
        const info = await Deno.stat(path);
        assertEquals([info.uid, (info.mode ?? 0) & 0o7777], [0, want], name);
      }
    }),
);

Deno.test("isForeign() and isWritableByAll() judge owner and mode", () =>
  inShared(async (parent, shared) => {
    assertEquals(isForeign(await Deno.stat(parent)), false);
    assertEquals(isForeign({ ...await Deno.stat(parent), uid: 4321 }), true);
    assertEquals(isForeign({ ...await Deno.stat(parent), uid: 0 }), false);
    assertEquals([isWritableByAll(await Deno.stat(parent)), isWritableByAll(await Deno.stat(shared))], [
      false,
      true,
    ]);
  }));
