import { assert, assertEquals, assertThrows } from "../../tests/assert.ts";
import { seededRandom } from "../../tests/random.ts";
import { concatBytes } from "../base/bytes.ts";
import { isCode } from "../base/errors.ts";
import { END, paxEntry, rawEntry, readArchive } from "./archive_fake.ts";
import { encodeName } from "./name.ts";
import { writeChecksum } from "./header.ts";
import { writeNumber } from "./number.ts";

const WANT = `${"\0".repeat(4)}abc${"\0".repeat(5)}de${"\0".repeat(6)}`;
const DATA = "abcde";

type Region = readonly [offset: number, length: number];

/** A GNU sparse file: four regions in its header, 21 in each block after it. */
function gnuSparse(regions: readonly Region[], size: number, data: string): Uint8Array {
  const entry = rawEntry({ name: "s", type: "S", magic: "ustar  \0" }, data);
  const block = entry.subarray(0, 512);
  const put = (target: Uint8Array, at: number, part: readonly Region[]) =>
    part.forEach(([offset, length], i) => {
      writeNumber(target.subarray(at + i * 24, at + i * 24 + 12), offset);
      writeNumber(target.subarray(at + i * 24 + 12, at + i * 24 + 24), length);
    });
  put(block, 386, regions.slice(0, 4));
  writeNumber(block.subarray(483, 495), size);
  const extensions: Uint8Array[] = [];
  for (let i = 4; i < regions.length; i += 21) {
    const extension = new Uint8Array(512);
    put(extension, 0, regions.slice(i, i + 21));
    extension[504] = i + 21 < regions.length ? 1 : 0;
    extensions.push(extension);
  }
  block[482] = extensions.length > 0 ? 1 : 0;
  writeChecksum(block);
  return concatBytes([block, ...extensions, entry.subarray(512)]);
}

function pax10(map: string, data: string, size: number): Uint8Array {
  const padded = map + "\0".repeat((512 - map.length % 512) % 512);
  return concatBytes([
    paxEntry({
      "GNU.sparse.major": "1",
      "GNU.sparse.minor": "0",
      "GNU.sparse.name": "s",
      "GNU.sparse.realsize": String(size),
    }),
    rawEntry({ name: "GNUSparseFile.1/s" }, padded + data),
  ]);
}

const pax00 = (regions: readonly Region[], size: number) => {
  const records = regions.flatMap(([offset, length]) => [
    `GNU.sparse.offset=${offset}`,
    `GNU.sparse.numbytes=${length}`,
  ]);
  const lines = [`GNU.sparse.size=${size}`, `GNU.sparse.numblocks=${regions.length}`, ...records];
  const text = lines.map((line) => `${line.length + 4} ${line}\n`).join("");
  return rawEntry({ name: "x", type: "x" }, text);
};

Deno.test("TarParser expands every sparse format to the same file, in pieces of any size", async (t) => {
  const forms: Readonly<Record<string, Uint8Array>> = {
    gnu: gnuSparse([[4, 3], [12, 2], [20, 0]], 20, DATA),
    "PAX 0.0": concatBytes([pax00([[4, 3], [12, 2]], 20), rawEntry({ name: "s" }, DATA)]),
    "PAX 0.1": concatBytes([
      paxEntry({ "GNU.sparse.size": "20", "GNU.sparse.map": "4,3,12,2", "GNU.sparse.name": "s" }),
      rawEntry({ name: "GNUSparseFile.1/s" }, DATA),
    ]),
    "PAX 1.0": pax10("2\n4\n3\n12\n2\n", DATA, 20),
  };
  for (const [name, bytes] of Object.entries(forms)) {
    await t.step(name, () => {
      for (const piece of [1, 100, 512, 10000]) {
        const seen = readArchive(concatBytes([bytes, rawEntry({ name: "next" }, "n"), END]), piece);
        assertEquals(seen.map(({ entry }) => entry.name), ["s", "next"]);
        assertEquals(new TextDecoder().decode(seen[0]?.content), WANT);
      }
    });
  }
});

Deno.test("TarParser reads sparse maps of several blocks", () => {
  const regions = Array.from({ length: 60 }, (_, i): Region => [i * 10, 1]);
  const want = Array.from({ length: 60 }, (_, i) => `${i % 10}${"\0".repeat(9)}`).join("");
  const data = "0123456789".repeat(6);
  const map = `60\n${regions.map(([offset, length]) => `${offset}\n${length}\n`).join("")}`;
  assert(map.length < 512);
  const longMap = `${"0".repeat(3)}60\n${
    regions.map(([o, l]) => `${String(o).padStart(9, "0")}\n${l}\n`).join("")
  }`;
  assert(longMap.length > 512);
  for (const bytes of [gnuSparse(regions, 600, data), pax10(map, data, 600), pax10(longMap, data, 600)]) {
    const [file] = readArchive(concatBytes([bytes, END]), 700);
    assertEquals(new TextDecoder().decode(file?.content), want);
  }
});

Deno.test("TarParser reads a sparse file with only a hole", () => {
  for (const bytes of [gnuSparse([[20, 0]], 20, ""), pax10("1\n20\n0\n", "", 20), pax10("0\n", "", 20)]) {
    const [file] = readArchive(concatBytes([bytes, END]));
    assertEquals(file?.content, new Uint8Array(20));
  }
});

Deno.test("TarParser rejects invalid sparse maps", async (t) => {
  const cases: Readonly<Record<string, Uint8Array>> = {
    overlap: gnuSparse([[4, 3], [6, 2]], 20, DATA),
    backwards: gnuSparse([[12, 3], [4, 2]], 20, DATA),
    "beyond the end": gnuSparse([[4, 3], [19, 2]], 20, DATA),
    "more than stored": gnuSparse([[4, 3], [12, 3]], 20, DATA),
    "less than stored": gnuSparse([[4, 3]], 20, DATA),
    "odd map": concatBytes([
      paxEntry({ "GNU.sparse.size": "20", "GNU.sparse.map": "4,3,12" }),
      rawEntry({ name: "s" }, DATA),
    ]),
    "letters in a map": pax10("1\nx\n3\n", DATA, 20),
    "map without end": pax10("900\n", DATA, 20),
    "no map": concatBytes([
      paxEntry({ "GNU.sparse.major": "1", "GNU.sparse.minor": "0" }),
      rawEntry({ name: "s" }, "abc"),
    ]),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    await t.step(name, () => {
      const error = assertThrows(() => readArchive(concatBytes([bytes, END])));
      assert(isCode(error, "invalid_content"), String(error));
    });
  }
  const unknown = concatBytes([paxEntry({ "GNU.sparse.major": "2" }), rawEntry({ name: "s" }), END]);
  assert(isCode(assertThrows(() => readArchive(unknown)), "unsupported"));
});

Deno.test("TarParser returns a result or a typed error for corrupt archives", () => {
  const whole = concatBytes([
    gnuSparse([[4, 3], [12, 2]], 20, DATA),
    pax10("2\n4\n3\n12\n2\n", DATA, 20),
    paxEntry({ path: "p", "SCHILY.xattr.user.a": "1", mtime: "1.5" }),
    rawEntry({ name: "long", type: "L" }, encodeName("name\0")),
    rawEntry({ name: "f" }, "content"),
    END,
  ]);
  const random = seededRandom();
  for (let round = 0; round < 3000; round++) {
    const bytes = whole.slice();
    const block = random(bytes.length / 512) * 512;
    for (let i = 0; i <= random(6); i++) bytes[block + random(512)] = random(256);
    if (random(2) === 0) writeChecksum(bytes.subarray(block, block + 512));
    try {
      readArchive(
        random(4) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes,
        1 + random(2000),
      );
    } catch (error) {
      const isTyped = isCode(error, "invalid_content", "unsupported", "limit_exceeded");
      // The sink of this test allocates the claimed size, unlike the applier.
      assert(isTyped || error instanceof RangeError, String(error));
    }
  }
});
