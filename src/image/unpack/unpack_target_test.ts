import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { AppError } from "../../base/errors.ts";
import { makeTarget } from "./unpack_target.ts";

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "dray-target-" });
  try {
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const names = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("makeTarget() gives the directory its name only at the end", async (t) => {
  const cases = ["new", "new/", "deep/er/new", "empty"];
  for (const name of cases) {
    await t.step(name, () =>
      withFolder(async (folder) => {
        await Deno.mkdir(`${folder}/empty`);
        const wanted = `${folder}/${name}`;
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

Deno.test("makeTarget() leaves nothing of what was not finished, but the empty directory that was there", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/empty`, { mode: 0o700 });
    {
      await using target = await makeTarget(`${folder}/empty`);
      await Deno.writeTextFile(`${target.path}/file`, "half");
    }
    assertEquals([...Deno.readDirSync(`${folder}/empty`)], []);
    assertEquals(((await Deno.stat(`${folder}/empty`)).mode ?? 0) & 0o777, 0o700);
    await Deno.remove(`${folder}/empty`);
    {
      await using target = await makeTarget(`${folder}/new`);
      await Deno.writeTextFile(`${target.path}/file`, "half");
    }
    assertEquals(names(folder), []);
  }));

Deno.test("makeTarget() refuses what is there", async (t) => {
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
      withFolder(async (folder) => {
        await make(`${folder}/new`);
        const before = names(folder);
        const error = await assertRejects(() => makeTarget(`${folder}/new`), AppError);
        assertEquals([error.code, names(folder)], ["already_exists", before]);
      }));
  }
});

Deno.test("makeTarget() takes an empty directory behind a link, and leaves the link", () =>
  withFolder(async (folder) => {
    await Deno.mkdir(`${folder}/real`);
    await Deno.symlink(`${folder}/real`, `${folder}/link`);
    {
      await using target = await makeTarget(`${folder}/link`);
      await Deno.writeTextFile(`${target.path}/file`, "hello");
      target.finish();
    }
    assertEquals(await Deno.readTextFile(`${folder}/link/file`), "hello");
    assert((await Deno.lstat(`${folder}/link`)).isSymlink);
    assertEquals(await Deno.readTextFile(`${folder}/real/file`), "hello");
  }));

Deno.test("makeTarget() removes what a dead process left for the same place, and nothing of a living one", () =>
  withFolder(async (folder) => {
    const dead = new Deno.Command("true").spawn();
    await dead.status;
    const living = [
      ".new.dray-1-ab",
      `.new.dray-${Deno.pid}-ab`,
      ".new.dray-x",
      `.other.dray-${dead.pid}-ab`,
    ];
    for (const name of [`.new.dray-${dead.pid}-ab`, ...living]) {
      await Deno.mkdir(`${folder}/${name}/rootfs`, { recursive: true });
    }
    {
      await using target = await makeTarget(`${folder}/new`);
      target.finish();
    }
    assertEquals(names(folder), [...living, "new"].sort());
  }));

Deno.test("two that unpack to one place in one process don't get in each other's way", () =>
  withFolder(async (folder) => {
    await using first = await makeTarget(`${folder}/new`);
    await Deno.writeTextFile(`${first.path}/file`, "first");
    {
      await using second = await makeTarget(`${folder}/new`);
      await Deno.writeTextFile(`${second.path}/file`, "second");
      second.finish();
    }
    const error = await assertRejects(async () => {
      await Promise.resolve();
      first.finish();
    }, AppError);
    assertEquals(error.code, "already_exists");
    assertEquals(await Deno.readTextFile(`${folder}/new/file`), "second");
  }));
