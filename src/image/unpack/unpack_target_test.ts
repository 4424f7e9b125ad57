import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { isRoot, OTHER_UID } from "../../../tests/planted.ts";
import { AppError } from "../../base/errors.ts";
import { makeTarget } from "./unpack_target.ts";

async function withDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "dray-target-" });
  try {
    await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("makeTarget() creates the directory only when it is finished", async (t) => {
  const cases = ["new", "new/", "deep/er/new", "empty"];
  for (const name of cases) {
    await t.step(name, () =>
      withDirectory(async (directory) => {
        await Deno.mkdir(`${directory}/empty`);
        const wanted = `${directory}/${name}`;
        {
          await using target = await makeTarget(wanted);
          await Deno.writeTextFile(`${target.path}/file`, "hello");
          await assertRejects(() => Deno.stat(`${wanted}/file`), Deno.errors.NotFound);
          target.finish();
        }
        assertEquals(await Deno.readTextFile(`${wanted}/file`), "hello");
        assertEquals(names(`${wanted}/..`).filter((other) => other.startsWith(".")), []);
      }));
  }
});

Deno.test("makeTarget() removes an unfinished directory, but keeps an empty one that existed", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/empty`, { mode: 0o700 });
    {
      await using target = await makeTarget(`${directory}/empty`);
      await Deno.writeTextFile(`${target.path}/file`, "half");
    }
    assertEquals([...Deno.readDirSync(`${directory}/empty`)], []);
    assertEquals(((await Deno.stat(`${directory}/empty`)).mode ?? 0) & 0o777, 0o700);
    await Deno.remove(`${directory}/empty`);
    {
      await using target = await makeTarget(`${directory}/new`);
      await Deno.writeTextFile(`${target.path}/file`, "half");
    }
    assertEquals(names(directory), []);
  }));

Deno.test("makeTarget() rejects a path that is not an empty directory", async (t) => {
  const cases: readonly (readonly [what: string, make: (path: string) => Promise<unknown>])[] = [
    ["a directory with a file", async (path) => {
      await Deno.mkdir(path);
      await Deno.writeTextFile(`${path}/mine`, "precious");
    }],
    ["a file", (path) => Deno.writeTextFile(path, "precious")],
    ["a link to a directory with a file", async (path) => {
      await Deno.mkdir(`${path}.real`);
      await Deno.writeTextFile(`${path}.real/mine`, "precious");
      await Deno.symlink(`${path}.real`, path);
    }],
  ];
  for (const [what, make] of cases) {
    await t.step(what, () =>
      withDirectory(async (directory) => {
        await make(`${directory}/new`);
        const before = names(directory);
        const error = await assertRejects(() => makeTarget(`${directory}/new`), AppError);
        assertEquals([error.code, names(directory)], ["already_exists", before]);
      }));
  }
});

Deno.test("makeTarget() fills the empty directory behind a symlink, and keeps the symlink", () =>
  withDirectory(async (directory) => {
    await Deno.mkdir(`${directory}/real`);
    await Deno.symlink(`${directory}/real`, `${directory}/link`);
    {
      await using target = await makeTarget(`${directory}/link`);
      await Deno.writeTextFile(`${target.path}/file`, "hello");
      target.finish();
    }
    assertEquals(await Deno.readTextFile(`${directory}/link/file`), "hello");
    assert((await Deno.lstat(`${directory}/link`)).isSymlink);
    assertEquals(await Deno.readTextFile(`${directory}/real/file`), "hello");
  }));

Deno.test("makeTarget() removes the directory of a dead process, but not of a running one", () =>
  withDirectory(async (directory) => {
    const dead = new Deno.Command("true").spawn();
    await dead.status;
    const living = [
      ".new.dray-1-ab",
      `.new.dray-${Deno.pid}-ab`,
      ".new.dray-x",
      `.other.dray-${dead.pid}-ab`,
    ];
    for (const name of [`.new.dray-${dead.pid}-ab`, ...living]) {
      await Deno.mkdir(`${directory}/${name}/rootfs`, { recursive: true });
    }
    {
      await using target = await makeTarget(`${directory}/new`);
      target.finish();
    }
    assertEquals(names(directory), [...living, "new"].sort());
  }));

Deno.test(
  "makeTarget() keeps the abandoned directories of other users",
  { ignore: !isRoot },
  () =>
    withDirectory(async (directory) => {
      const dead = new Deno.Command("true").spawn();
      await dead.status;
      const [own, other] = [`.new.dray-${dead.pid}-own`, `.new.dray-${dead.pid}-other`];
      for (const name of [own, other]) await Deno.mkdir(`${directory}/${name}`);
      await Deno.chown(`${directory}/${other}`, OTHER_UID, OTHER_UID);
      {
        await using target = await makeTarget(`${directory}/new`);
        target.finish();
      }
      assertEquals(names(directory), [other, "new"]);
    }),
);

Deno.test("makeTarget() keeps two unfinished directories for one path apart", () =>
  withDirectory(async (directory) => {
    await using first = await makeTarget(`${directory}/new`);
    await Deno.writeTextFile(`${first.path}/file`, "first");
    {
      await using second = await makeTarget(`${directory}/new`);
      await Deno.writeTextFile(`${second.path}/file`, "second");
      second.finish();
    }
    const error = await assertRejects(async () => {
      await Promise.resolve();
      first.finish();
    }, AppError);
    assertEquals(error.code, "already_exists");
    assertEquals(await Deno.readTextFile(`${directory}/new/file`), "second");
  }));

/** Calls makeTarget(".") in a process whose working directory is `directory`. Returns "filled" or its error. */
async function fillWorkingDirectory(directory: string, access: "private" | "public"): Promise<string> {
  const code = `import { makeTarget } from "${import.meta.resolve("./unpack_target.ts")}";
    try {
      await using target = await makeTarget(".", "${access}");
      Deno.writeTextFileSync(target.path + "/file", "hello");
      target.finish();
      console.log("filled");
    } catch (error) {
      console.log(error.code + ": " + error.message);
    }`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", code], cwd: directory })
    .output();
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("makeTarget() fills the user's own working directory, unless every user may write to it", async (t) => {
  for (const access of ["private", "public"] as const) {
    await t.step(access, () =>
      withDirectory(async (directory) => {
        await Deno.chmod(directory, 0o1777);
        assertEquals(
          await fillWorkingDirectory(directory, access),
          'permission_denied: Cannot unpack to ".": every user may write to it; choose a new directory',
        );
        assertEquals(names(directory), []);
        await Deno.chmod(directory, 0o755);
        assertEquals(await fillWorkingDirectory(directory, access), "filled");
        assertEquals(names(directory), ["file"]);
      }));
  }
});

Deno.test("makeTarget() refuses a working directory of another user", { ignore: !isRoot }, async (t) => {
  for (const access of ["private", "public"] as const) {
    await t.step(access, () =>
      withDirectory(async (directory) => {
        await Deno.chown(directory, OTHER_UID, OTHER_UID);
        assertEquals(
          await fillWorkingDirectory(directory, access),
          'permission_denied: Cannot unpack to ".": it belongs to another user ' +
            `(uid ${OTHER_UID}); choose a new directory`,
        );
        assertEquals(names(directory), []);
      }));
  }
});
