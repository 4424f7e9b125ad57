import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { OCI_LAYER } from "../../oci/media_type.ts";
import type { LayerDecoder } from "../decode/decode.ts";
import { FilesystemSync, withPeriodicSync } from "./sync.ts";

Deno.test("FilesystemSync writes out in the background, and waits for it at the end", async () => {
  const folder = await Deno.makeTempDir({ prefix: "dray-sync-" });
  try {
    const sync = FilesystemSync.open(folder);
    assert(sync);
    await using _open = sync;
    Deno.writeTextFileSync(`${folder}/a`, "one");
    sync.begin();
    sync.begin();
    Deno.writeTextFileSync(`${folder}/b`, "two");
    await sync.finish();
    sync.begin();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("FilesystemSync says what the system says of a path that is not there", () => {
  const error = assertThrows(() => FilesystemSync.open("/dev/null/missing"), AppError);
  assertEquals(error.details.errno, "ENOTDIR");
});

Deno.test("withPeriodicSync() hands every byte on, and lets a sync begin after many", async () => {
  let begun = 0;
  const sync = { begin: () => void begun++ };
  const chunk = new Uint8Array(MIB);
  const decoder: LayerDecoder = {
    decode(_layer, _task, take) {
      for (let i = 0; i < 130; i++) take(chunk);
      return Promise.resolve({ hex: "", bytesIn: 1, bytesOut: 130 * MIB });
    },
  };
  let taken = 0;
  const layer = { reader: { read: () => Promise.resolve(null) }, mediaType: OCI_LAYER };
  const task = { algorithm: "sha256", limits: { unpackedBytes: 1, ratio: 1 } } as const;
  await withPeriodicSync(decoder, sync).decode(layer, task, () => void taken++, neverAborted());
  assertEquals([taken, begun], [130, 2]);
});
