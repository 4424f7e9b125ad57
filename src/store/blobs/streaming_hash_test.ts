import { assertEquals } from "../../../tests/assert.ts";
import { randomBytes } from "../../../tests/images/content.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { findHashing, loadHashing } from "../../base/hash.ts";
import { MIB } from "../../base/bytes.ts";
import { NO_WORKERS } from "../../base/concurrency/worker.ts";
import { digestOf } from "../../oci/digest.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import { beginHash } from "./streaming_hash.ts";

Deno.test("a hash is the same for one piece, several pieces, and a file", async () => {
  const path = await Deno.makeTempFile({ prefix: "dray-hash-" });
  try {
    const bytes = randomBytes(5_000, 1);
    await Deno.writeFile(path, bytes);
    const expected = await digestOf(bytes);
    const begin = () =>
      beginHash({ algorithm: "sha256", size: bytes.length, path }, new BackgroundHasher(NO_WORKERS));
    using onePiece = begin();
    const buffer = bytes.slice();
    onePiece.update(buffer);
    // The caller may reuse its buffer.
    buffer.fill(0);
    using pieces = begin();
    pieces.update(bytes.subarray(0, 1_000));
    pieces.update(bytes.subarray(1_000));
    using resumed = begin();
    assertEquals(await resumed.resume(2_000, neverAborted()), 2_000);
    resumed.update(bytes.subarray(2_000));
    using whole = begin();
    assertEquals(await whole.resume(bytes.length, neverAborted()), bytes.length);
    for (const hash of [onePiece, pieces, resumed, whole]) {
      assertEquals(`sha256:${await hash.hex()}`, expected);
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a hash reads back the bytes that arrived before the hasher was loaded", async () => {
  const path = await Deno.makeTempFile({ prefix: "dray-hash-" });
  try {
    const bytes = randomBytes(50_000, 2);
    const expected = await digestOf(bytes);
    const begin = () => beginHash({ algorithm: "sha256", size: MIB, path }, new BackgroundHasher(NO_WORKERS));
    using unread = begin();
    using updated = begin();
    let written = 0;
    const write = (end: number) => {
      const piece = bytes.subarray(written, end);
      Deno.writeFileSync(path, piece, { append: true });
      written = end;
      unread.update(piece);
      return piece;
    };
    assertEquals(findHashing(), undefined);
    updated.update(write(10_000));
    updated.update(write(20_000));
    await loadHashing();
    updated.update(write(30_000));
    updated.update(write(bytes.length));
    assertEquals([`sha256:${await unread.hex()}`, `sha256:${await updated.hex()}`], [expected, expected]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a hash without bytes is that of the empty string", async () => {
  using hash = beginHash(
    { algorithm: "sha256", size: MIB, path: "/does/not/exist" },
    new BackgroundHasher(NO_WORKERS),
  );
  assertEquals(`sha256:${await hash.hex()}`, await digestOf(new Uint8Array(0)));
});
