import { assertEquals } from "../../../tests/assert.ts";
import { parseDigest } from "../../oci/digest.ts";
import { type FeedLine, ProgressFeed } from "./progress_feed.ts";

const LAYER = parseDigest(`sha256:${"a".repeat(64)}`);
const OTHER = parseDigest(`sha256:${"b".repeat(64)}`);

function fieldsOf(lines: readonly FeedLine[]): readonly unknown[] {
  return lines.map(({ v: _, time: __, name: ___, ...rest }) => rest);
}

Deno.test("a new listener receives the state of each running pull, but no finished pull", () => {
  const feed = new ProgressFeed();
  const pull = feed.begin("a:1");
  const blobs = [LAYER, OTHER].map((digest) => ({
    digest,
    size: 10,
    mediaType: "x",
    role: "layer" as const,
  }));
  pull.onEvent({ kind: "resolving", name: "a:1" });
  pull.onEvent({ kind: "planned", name: "a:1", blobs });
  pull.onEvent({ kind: "blob", digest: LAYER, state: "waiting", offset: 0, size: 10 });
  pull.onEvent({ kind: "blob", digest: LAYER, state: "fetching", offset: 0, size: 10, host: "h" });
  for (const offset of [2, 4, 6]) pull.onEvent({ kind: "bytes", digest: LAYER, offset, size: 10 });
  pull.onEvent({ kind: "blob", digest: OTHER, state: "present", offset: 10, size: 10 });
  const late: FeedLine[] = [];
  const stop = feed.listen((line) => late.push(line));
  assertEquals(late.map(({ event }) => event), ["resolving", "planned", "blob", "blob", "bytes"]);
  assertEquals(fieldsOf(late).slice(2), [
    { pull: "1", event: "blob", digest: LAYER, state: "fetching", offset: 0, size: 10, host: "h" },
    { pull: "1", event: "blob", digest: OTHER, state: "present", offset: 10, size: 10, host: null },
    { pull: "1", event: "bytes", digest: LAYER, offset: 6, size: 10 },
  ]);
  pull.onEvent({ kind: "bytes", digest: LAYER, offset: 8, size: 10 });
  pull.end("interrupted");
  assertEquals(fieldsOf(late).slice(5), [
    { pull: "1", event: "bytes", digest: LAYER, offset: 8, size: 10 },
    { pull: "1", event: "end", outcome: "interrupted", kept: 8 },
  ]);
  stop();
  const later: FeedLine[] = [];
  feed.listen((line) => later.push(line))();
  assertEquals([later.length, feed.running], [0, 0]);
});

Deno.test("a new listener receives only the waits that haven't ended", () => {
  const feed = new ProgressFeed();
  const pull = feed.begin("a:1");
  const late = () => {
    const lines: FeedLine[] = [];
    feed.listen((line) => lines.push(line))();
    return fieldsOf(lines).map((line) => JSON.stringify(line));
  };
  pull.onEvent({ kind: "waiting", for: "collector" });
  assertEquals(late(), ['{"pull":"1","event":"waiting","for":"collector"}']);
  pull.onEvent({ kind: "resolving", name: "a:1" });
  assertEquals(late(), ['{"pull":"1","event":"resolving"}']);
  pull.onEvent({ kind: "blob", digest: LAYER, state: "waiting", offset: 0, size: 10 });
  pull.onEvent({ kind: "waiting", for: "writer", digest: LAYER });
  assertEquals(late().slice(1), [`{"pull":"1","event":"waiting","for":"writer","digest":"${LAYER}"}`]);
  pull.onEvent({ kind: "blob", digest: LAYER, state: "present", offset: 10, size: 10 });
  assertEquals(late().length, 2);
  pull.end("done");
});

Deno.test("two pulls of one name have different ids, and a removed listener receives nothing", () => {
  const feed = new ProgressFeed();
  const lines: FeedLine[] = [];
  const stop = feed.listen((line) => lines.push(line));
  const [first, second] = [feed.begin("a:1"), feed.begin("a:1")];
  first.onEvent({ kind: "resolving", name: "a:1" });
  second.onEvent({ kind: "resolving", name: "a:1" });
  first.end("done");
  stop();
  second.end("failed");
  assertEquals(lines.map(({ pull, event }) => `${pull} ${event}`), ["1 resolving", "2 resolving", "1 end"]);
});
