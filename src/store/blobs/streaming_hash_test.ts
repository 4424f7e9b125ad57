import { assertEquals } from "../../../tests/assert.ts";
import { randomBytes } from "../../../tests/images/content.ts";
import { neverAborted } from "../../base/abort.ts";
import { findHashing, loadHashing } from "../../base/hash.ts";
import { MIB } from "../../base/bytes.ts";
import { NO_WORKERS } from "../../base/worker.ts";
import { digestOf } from "../../oci/digest.ts";
import { BackgroundHasher } from "./background_hasher.ts";
import { beginHash } from "./streaming_hash.ts";

Deno.test("a hash of few bytes is the same whether they come at once, in pieces, or from the file", async () => {
  const path = await Deno.makeTempFile({ prefix: "dray-hash-" });
  try {
    const bytes = randomBytes(5_000, 1);
    await Deno.writeFile(path, bytes);
    const want = await digestOf(bytes);
    const begin = () =>
      beginHash({ algorithm: "sha256", size: bytes.length, path }, new BackgroundHasher(NO_WORKERS));
    using atOnce = begin();
    const lent = bytes.slice();
    atOnce.update(lent);
    // Whoever lent them may do with them what they like.
    lent.fill(0);
    using pieces = begin();
    pieces.update(bytes.subarray(0, 1_000));
    pieces.update(bytes.subarray(1_000));
    using resumed = begin();
    assertEquals(await resumed.resume(2_000, neverAborted()), 2_000);
    resumed.update(bytes.subarray(2_000));
    using whole = begin();
    assertEquals(await whole.resume(bytes.length, neverAborted()), bytes.length);
    for (const hash of [atOnce, pieces, resumed, whole]) assertEquals(`sha256:${await hash.hex()}`, want);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a hash takes the bytes that came before its code was loaded from the file", async () => {
  const path = await Deno.makeTempFile({ prefix: "dray-hash-" });
  try {
    const bytes = randomBytes(50_000, 2);
    const want = await digestOf(bytes);
    const begin = () => beginHash({ algorithm: "sha256", size: MIB, path }, new BackgroundHasher(NO_WORKERS));
    using early = begin();
    using late = begin();
    let written = 0;
    const write = (end: number) => {
      const piece = bytes.subarray(written, end);
      Deno.writeFileSync(path, piece, { append: true });
      written = end;
      early.update(piece);
      return piece;
    };
    assertEquals(findHashing(), undefined);
    late.update(write(10_000));
    late.update(write(20_000));
    await loadHashing();
    late.update(write(30_000));
    late.update(write(bytes.length));
    assertEquals([`sha256:${await early.hex()}`, `sha256:${await late.hex()}`], [want, want]);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a hash that knows none of its bytes is that of nothing", async () => {
  using hash = beginHash(
    { algorithm: "sha256", size: MIB, path: "/nothing/is/here" },
    new BackgroundHasher(NO_WORKERS),
  );
  assertEquals(`sha256:${await hash.hex()}`, await digestOf(new Uint8Array(0)));
});
