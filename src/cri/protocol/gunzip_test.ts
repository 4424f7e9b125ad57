import { assert, assertEquals, assertRejects } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { MIB } from "../../base/bytes.ts";
import { isCode } from "../../base/errors.ts";
import { gunzip } from "./gunzip.ts";

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

Deno.test("gunzip() decompresses, up to the limit", async () => {
  const bomb = await gzip(new Uint8Array(4 * MIB));
  assertEquals((await gunzip(bomb, 4 * MIB, neverAborted())).length, 4 * MIB);
  assert(isCode(await assertRejects(() => gunzip(bomb, 4 * MIB - 1, neverAborted())), "limit_exceeded"));
});

Deno.test("gunzip() lets other events run, and stops at an abort", async () => {
  const bomb = await gzip(new Uint8Array(12 * MIB));
  const events: string[] = [];
  setTimeout(() => events.push("timer"), 0);
  await gunzip(bomb, 16 * MIB, neverAborted());
  events.push("done");
  assertEquals(events, ["timer", "done"]);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error("stopped")), 0);
  assertEquals(
    String(await assertRejects(() => gunzip(bomb, 16 * MIB, controller.signal))),
    "Error: stopped",
  );
});
