import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { readAll } from "../base/bytes.ts";
import { directoryFiles } from "./directory_source.ts";

async function withDirectory(use: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "dray-source-" });
  try {
    await use(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function read(root: string): Promise<Readonly<Record<string, string>>> {
  const seen: Record<string, string> = {};
  for await (const item of directoryFiles(root, neverAborted())) {
    seen[item.name] = item.kind === "link"
      ? `-> ${item.target}`
      : `${item.size} ${new TextDecoder().decode(await readAll(item.reader, 100, "a file"))}`;
  }
  return seen;
}

Deno.test("directoryFiles() returns files to the depth of a layout, and links without following them", () =>
  withDirectory(async (root) => {
    await Deno.mkdir(`${root}/blobs/sha256/deeper/still`, { recursive: true });
    await Deno.writeTextFile(`${root}/index.json`, "index");
    await Deno.writeTextFile(`${root}/blobs/sha256/abc`, "blob");
    await Deno.writeTextFile(`${root}/blobs/sha256/deeper/no`, "no blob");
    await Deno.symlink("../blobs/./sha256/abc", `${root}/blobs/link`);
    await Deno.symlink("/etc/passwd", `${root}/outside`);
    await Deno.symlink("../../../../etc/passwd", `${root}/up`);
    await Deno.symlink("/etc", `${root}/folder`);
    assertEquals(await read(root), {
      "index.json": "5 index",
      "blobs/sha256/abc": "4 blob",
      "blobs/link": "-> blobs/sha256/abc",
      "outside": "-> etc/passwd",
      "up": "-> etc/passwd",
      "folder": "-> etc",
    });
  }));

Deno.test("directoryFiles() skips other kinds of entries and closes its files", () =>
  withDirectory(async (root) => {
    const { success } = await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
    assert(success);
    await Deno.writeTextFile(`${root}/a`, "a");
    await Deno.writeTextFile(`${root}/b`, "b");
    for await (const item of directoryFiles(root, neverAborted())) {
      assert(item.kind === "file");
      break;
    }
    assertEquals(Object.keys(await read(root)).sort(), ["a", "b"]);
  }));

Deno.test("directoryFiles() throws the signal's reason", () =>
  withDirectory(async (root) => {
    await Deno.writeTextFile(`${root}/a`, "a");
    await assertRejects(
      () => Array.fromAsync(directoryFiles(root, AbortSignal.abort(new Error("cancelled by the test")))),
      Error,
      "cancelled by the test",
    );
  }));
