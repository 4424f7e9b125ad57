import { assertEquals } from "../../tests/assert.ts";
import { writeChecksum, writeChecksums } from "./checksums.ts";

const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

Deno.test("checksums are in the format of sha256sum, and cover neither SHA256SUMS nor directories", async () => {
  const directory = await Deno.makeTempDir();
  try {
    for (const name of ["b", "a"]) await Deno.writeTextFile(`${directory}/${name}`, "");
    await Deno.mkdir(`${directory}/subdirectory`);
    for (let i = 0; i < 2; i++) {
      await writeChecksums(directory);
      assertEquals(await Deno.readTextFile(`${directory}/SHA256SUMS`), `${EMPTY}  a\n${EMPTY}  b\n`);
    }
    await writeChecksum(`${directory}/a`);
    assertEquals(await Deno.readTextFile(`${directory}/a.sha256`), `${EMPTY}  a\n`);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
