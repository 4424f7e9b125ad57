import { assert, assertEquals, assertStringIncludes } from "../../../../tests/assert.ts";
import { makeFixture } from "../../../../tests/fakes/fixture.ts";
import { buildImage } from "../../../../tests/images/mod.ts";
import { ServiceMetrics } from "../../../cri/observability/service_metrics.ts";
import type { PullEvent } from "../../../image/model/events.ts";
import { type ProgressEvent, progressEvent } from "../../../image/pull/progress_line.ts";
import { pullImage } from "../../../image/pull/pull.ts";
import { parseDigest } from "../../../oci/digest.ts";
import { COMMANDS } from "../../commands.ts";
import type { CommandTable } from "../../table/types.ts";
import { dray } from "../../test_kit.ts";
import { topicText } from "../help.ts";
import { EVENT_FIELDS, EVENT_MEANINGS, EVENTS_TOPIC } from "./events.ts";
import { type AnyDescriptions, fieldRows } from "./fields.ts";
import { JSON_SHAPES, JSON_TOPIC, MESSAGE_FIELDS } from "./json.ts";
import { METRICS_TOPIC } from "./metrics.ts";

const DIGEST = parseDigest(`sha256:${"a".repeat(64)}`);
const PLANNED = { digest: DIGEST, size: 10, mediaType: "x", role: "layer" } as const;

/** Events with all their fields, per kind. */
const SAMPLES: Readonly<Record<PullEvent["kind"], readonly PullEvent[]>> = {
  waiting: [{ kind: "waiting", for: "collector" }, { kind: "waiting", for: "writer", digest: DIGEST }],
  resolving: [{ kind: "resolving", name: "a:1" }],
  resolved: [{ kind: "resolved", name: "a:1", digest: DIGEST, host: "h" }],
  selected: [{ kind: "selected", name: "a:1", digest: DIGEST }],
  planned: [{ kind: "planned", name: "a:1", blobs: [PLANNED] }],
  blob: [{ kind: "blob", digest: DIGEST, state: "fetching", offset: 1, size: 10, host: "h" }],
  bytes: [{ kind: "bytes", digest: DIGEST, offset: 5, size: 10 }],
  retry: [{ kind: "retry", digest: DIGEST, attempt: 1, offset: 3, delayMs: 100, reason: "why" }],
  restart: [{ kind: "restart", digest: DIGEST, reason: "why" }],
  warning: [{ kind: "warning", message: "old" }],
  recorded: [{ kind: "recorded", name: "a:1", names: ["a:1"], imageId: DIGEST }],
};

/** The paths of all fields in a JSON value: `layers[].digest`. */
function pathsIn(value: unknown, prefix = ""): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => pathsIn(item, `${prefix}[]`));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => {
    const path = `${prefix === "" ? "" : `${prefix}.`}${name}`;
    return [path, ...pathsIn(field, path)];
  });
}

function documentedPaths(fields: AnyDescriptions): ReadonlySet<string> {
  return new Set(fieldRows(fields).map(([path]) => path));
}

Deno.test("the topic events has every event with its fields, and no other", async (t) => {
  const text = topicText(EVENTS_TOPIC, 100);
  assertEquals(new Set(Object.keys(EVENT_MEANINGS)), new Set([...Object.keys(SAMPLES), "end"]));
  const end: ProgressEvent = { event: "end", outcome: "done", kept: 0 };
  const lines = [...Object.values(SAMPLES).flat().map(progressEvent), end];
  for (const [event, fields] of Object.entries(EVENT_FIELDS)) {
    await t.step(event, () => {
      assertStringIncludes(text, `Event ${event}:\n`);
      const printed = lines.filter((line) => line.event === event).flatMap((line) => pathsIn(line));
      assertEquals(new Set(printed.filter((path) => path !== "event")), documentedPaths(fields));
      for (const [path] of fieldRows(fields)) assertStringIncludes(text, `\n  ${path} `);
    });
  }
});

Deno.test("the topic json has every command with --json, and no other", () => {
  const table: CommandTable = COMMANDS;
  const names = Object.keys(table).filter((name) => table[name]?.options.json !== undefined);
  // It prints events.
  const withShapes = names.filter((name) => name !== "progress").map((name) => `dray ${name}`);
  assertEquals(new Set(Object.keys(JSON_SHAPES)), new Set(withShapes));
  const text = topicText(JSON_TOPIC, 100);
  assertStringIncludes(text, "dray progress --json");
  for (const [command, { fields }] of Object.entries(JSON_SHAPES)) {
    assertStringIncludes(text, `${command} --json prints`);
    for (const [path] of fieldRows(fields)) assertStringIncludes(text, `\n  ${path}`);
  }
});

Deno.test("commands print the fields of the topic json", async (t) => {
  await using fixture = await makeFixture();
  const { deps, remote, root } = fixture;
  remote.push(
    "1",
    await buildImage({ layers: [{ entries: [{ name: "etc/hosts", content: "localhost" }] }] }),
  );
  remote.push("2", await buildImage({ layers: [{ entries: [{ name: "etc/hosts", content: "other" }] }] }));
  await pullImage(deps, "a.b/c:1");
  await pullImage(deps, "a.b/c:2");
  const env = { DRAY_STORE: root };
  const archive = `${root}.tar`;
  assertEquals((await dray(["export", "-q", "a.b/c:1", "-o", archive], { env })).code, 0);
  const directory = `${root}.unpacked`;
  const lines: readonly (readonly [line: string, optional?: readonly string[]])[] = [
    ["images", ["digests."]],
    ["inspect a.b/c:1", ["digests.", "platforms[]", "annotations", "config"]],
    ["digest a.b/c:1"],
    ["df"],
    ["diff a.b/c:1 a.b/c:2"],
    [`import ${archive}`, ["digests."]],
    ["verify", ["faults[]"]],
    [`unpack a.b/c:1 ${directory}`, ["leftOut[]"]],
    ["gc --dry-run", ["blobs[]", "partials[]", "remains[]"]],
    ["version"],
    ["rm a.b/c:1 a.b/c:2", ["swept.partials[]", "swept.remains[]"]],
    ["permissions images", ["write", "net", "env", "run", "sys", "ffi"]],
  ];
  try {
    for (const [line, optional = []] of lines) {
      await t.step(line.split(" ")[0] ?? "", async () => {
        const [name = "", ...args] = line.split(" ");
        const { code, out, err } = await dray([name, "--json", ...args], { env });
        assertEquals(code, 0, err);
        const shape = JSON_SHAPES[`dray ${name}` as keyof typeof JSON_SHAPES];
        const value = JSON.parse(out);
        assertEquals(Array.isArray(value), shape.isList);
        const isOptional = (path: string) => optional.some((start) => path.startsWith(start));
        const printed = pathsIn(value).map((path) => path.replace(/^\[\]\./, ""));
        const documented = documentedPaths(shape.fields);
        for (const path of printed) {
          assert(documented.has(path) || isOptional(path), `${path} is undocumented`);
        }
        for (const path of documented) {
          assert(printed.includes(path) || isOptional(path), `${path} isn't printed`);
        }
      });
    }
  } finally {
    await Deno.remove(archive);
    await Deno.remove(directory, { recursive: true }).catch(() => {});
  }
});

Deno.test("errors print the fields of the topic json", async () => {
  const env = { DRAY_STORE: "/nonexistent/store" };
  const { err } = await dray(["--log-format", "json", "inspect", "nothing"], { env });
  assertEquals(Object.keys(JSON.parse(err)), Object.keys(MESSAGE_FIELDS));
});

Deno.test("the topic metrics has every metric with its type and labels, and no other", () => {
  const metrics = new ServiceMetrics({
    version: "1.2.3",
    pullsInProgress: () => 0,
    usage: () => ({ bytes: 1, inodes: 1 }),
    images: () => 1,
    connections: () => 1,
    activeCalls: () => 1,
  });
  const status = { code: 0, message: "" } as const;
  metrics.called({
    method: "/a/B",
    known: true,
    status,
    durationMs: 1,
    traceparent: undefined,
    error: undefined,
  });
  metrics.pulled({ name: "a:1", fetched: 1, durationMs: 1, error: undefined });
  const exported = new Map<string, { readonly type: string; readonly labels: Set<string> }>();
  for (const line of metrics.text().trimEnd().split("\n")) {
    const [, name = "", type = ""] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== "") exported.set(name, { type, labels: new Set() });
    const [, sample = "", labels = ""] = /^([a-z_]+)(?:\{(.*)\})? /.exec(line) ?? [];
    const metric = exported.get(sample) ?? exported.get(sample.replace(/_(?:bucket|sum|count)$/, ""));
    for (const [, label = ""] of labels.matchAll(/([a-z_]+)="/g)) {
      if (label !== "le") metric?.labels.add(label);
    }
  }
  const text = topicText(METRICS_TOPIC, 200);
  const rows = METRICS_TOPIC.flatMap((block) => block.kind === "terms" ? block.rows : []);
  assertEquals(rows.map(([name]) => name), [...exported.keys()]);
  for (const [name, meaning] of rows) {
    const [, type = "", labels = ""] = /^(\w+)(?: \(labels: (.*?)\))?: /.exec(meaning) ?? [];
    const names = labels === "" ? [] : labels.split(", ");
    assertEquals({ type, labels: new Set(names) }, exported.get(name), name);
    assertStringIncludes(text, `\n  ${name} `);
  }
});
