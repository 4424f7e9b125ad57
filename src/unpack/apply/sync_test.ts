import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { AppError } from "../../base/errors.ts";
import { OCI_LAYER } from "../../oci/media_type.ts";
import type { LayerDecoder } from "../decode/decode.ts";
import { FilesystemSync, withPeriodicSync } from "./sync.ts";

Deno.test("FilesystemSync syncs in the background and at the end", async () => {
  const directory = await Deno.makeTempDir({ prefix: "dray-sync-" });
  try {
    const sync = FilesystemSync.open(directory);
    assert(sync);
    await using _open = sync;
    Deno.writeTextFileSync(`${directory}/a`, "one");
    sync.begin();
    sync.begin();
    Deno.writeTextFileSync(`${directory}/b`, "two");
    await sync.finish();
    sync.begin();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("FilesystemSync.open() reports the errno of a missing path", () => {
  const error = assertThrows(() => FilesystemSync.open("/dev/null/missing"), AppError);
  assertEquals(error.details.errno, "ENOTDIR");
});

Deno.test("withPeriodicSync() passes every byte on, and starts a sync every 64 MiB", async () => {
  let syncs = 0;
  const sync = { begin: () => void syncs++ };
  const chunk = new Uint8Array(MIB);
  const decoder: LayerDecoder = {
    decode(_layer, _task, onChunk) {
      for (let i = 0; i < 130; i++) onChunk(chunk);
      return Promise.resolve({ hex: "", bytesIn: 1, bytesOut: 130 * MIB });
    },
  };
  let chunks = 0;
  const layer = { reader: { read: () => Promise.resolve(null) }, mediaType: OCI_LAYER };
  const task = { algorithm: "sha256", limits: { unpackedBytes: 1, ratio: 1 } } as const;
  await withPeriodicSync(decoder, sync).decode(layer, task, () => void chunks++, neverAborted());
  assertEquals([chunks, syncs], [130, 2]);
});
