import { assertEquals } from "../../tests/assert.ts";
import { writeSum, writeSums } from "./sums.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Deno.test("checksums are lines that sha256sum reads, of everything but themselves", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["b", "a"]) await Deno.writeTextFile(`${folder}/${name}`, "");
    await Deno.mkdir(`${folder}/folder`);
    for (let i = 0; i < 2; i++) {
      await writeSums(folder);
      assertEquals(await Deno.readTextFile(`${folder}/SHA256SUMS`), `${EMPTY}  a\n${EMPTY}  b\n`);
    }
    await writeSum(`${folder}/a`);
    assertEquals(await Deno.readTextFile(`${folder}/a.sha256`), `${EMPTY}  a\n`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
