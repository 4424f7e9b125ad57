import { assert, assertEquals } from "../../../tests/assert.ts";
import { lineWidth, paint } from "./line.ts";
import { PullModel } from "./model.ts";
import { pullLines } from "./pull_lines.ts";
import { digest, planned } from "./test_kit.ts";

const MB = 1_000_000;

/** A running pull: one layer is complete, one half complete, one is retried, one waits. */
function halfway(): PullModel {
  const model = new PullModel("a:1", 0);
  model.apply({ kind: "resolving", name: "docker.io/library/a:1" }, 0);
  model.apply({ kind: "resolved", name: "a", digest: digest(9), host: "h" }, 0);
  const platform = { os: "linux", architecture: "amd64" };
  model.apply({ kind: "selected", name: "a", digest: digest(9), platform }, 0);
  model.apply(planned(10 * MB, 20 * MB, 30 * MB, 40 * MB), 0);
  for (const [digit, size] of [[1, 10], [2, 20], [3, 30]] as const) {
    model.apply({ kind: "blob", digest: digest(digit), state: "fetching", offset: 0, size: size * MB }, 1000);
  }
  model.apply({ kind: "bytes", digest: digest(1), offset: 10 * MB, size: 10 * MB }, 1500);
  model.apply({ kind: "blob", digest: digest(1), state: "committed", offset: 10 * MB, size: 10 * MB }, 2000);
  model.apply({ kind: "bytes", digest: digest(2), offset: 10 * MB, size: 20 * MB }, 3000);
  model.apply({
    kind: "retry",
    digest: digest(3),
    attempt: 2,
    offset: 5 * MB,
    delayMs: 500,
    reason: "host closed \x1b[2J",
  }, 3000);
  return model;
}

function textAt(model: PullModel, columns: number, rows: number, now = 4000): string[] {
  return pullLines(model.view(now), { columns, rows }, now).map((line) => paint(line, false));
}

Deno.test("pullLines() adapts to the width", async (t) => {
  const cases: readonly (readonly [columns: number, lines: readonly string[]])[] = [
    [81, [
      "docker.io/library/a:1 linux/amd64",
      "[00:00:01] [==========================]   10.0MB/10.0MB 111111111111 downloaded",
      "[00:00:03] [=============>            ]   10.0MB/20.0MB 222222222222 downloading",
      "[00:00:03] [====>                     ]   5.00MB/30.0MB 333333333333 retrying",
      "[00:00:00] [                          ]       0B/40.0MB 444444444444 waiting",
      "[00:00:04] [======>                   ]    25.0MB/100MB 1/4 layers 8.00MB/s",
    ]],
    [60, [
      "docker.io/library/a:1 linux/amd64",
      "[================]   10.0MB/10.0MB 111111111111 downloaded",
      "[========>       ]   10.0MB/20.0MB 222222222222 downloading",
      "[==>             ]   5.00MB/30.0MB 333333333333 retrying",
      "[                ]       0B/40.0MB 444444444444 waiting",
      "[====>           ]    25.0MB/100MB 1/4 layers 8.00MB/s",
    ]],
    [42, [
      "docker.io/library/a:1 linux/amd64",
      "111111111111   10.0MB/10.0MB downloaded",
      "222222222222   10.0MB/20.0MB downloading",
      "333333333333   5.00MB/30.0MB retrying",
      "444444444444       0B/40.0MB waiting",
      "total 25.0MB/100MB 1/4 layers 8.00MB/s",
    ]],
    [20, [
      "docker.io/library/…",
      "111111111111 100%",
      "222222222222  50%",
      "333333333333  16%",
      "444444444444   0%",
      "total 25%",
    ]],
    [10, ["docker.i…", "1111 100%", "2222  50%", "3333  16%", "4444   0%", "total 25%"]],
  ];
  for (const [columns, lines] of cases) {
    await t.step(`${columns} columns`, () => {
      assertEquals(textAt(halfway(), columns, 24).map((line) => line.trimEnd()), [...lines]);
    });
  }
});

Deno.test("pullLines() never fills the last column or the last row", () => {
  for (let columns = 1; columns <= 200; columns++) {
    for (const rows of [1, 2, 3, 4, 5, 6, 30]) {
      const lines = pullLines(halfway().view(4000), { columns, rows }, 4000);
      assert(lines.length <= Math.max(1, rows - 1), `${lines.length} lines in ${rows} rows`);
      for (const line of lines) assert(lineWidth(line) <= Math.max(1, columns - 1), `${columns} columns`);
    }
  }
});

Deno.test("pullLines() shows why a layer is retried on wide terminals, without control characters", () => {
  const line = textAt(halfway(), 140, 24)[3] ?? "";
  assert(line.endsWith("retrying    attempt 2 failed: host closed \\x1b[2J"), line);
});

Deno.test("pullLines() shows why resolving a name is retried", () => {
  const model = new PullModel("a:1", 0);
  model.apply({ kind: "resolving", name: "docker.io/library/a:1" }, 0);
  model.apply({ kind: "retry", attempt: 1, offset: 0, delayMs: 200, reason: "no response\x1b[2J" }, 1);
  assertEquals(textAt(model, 80, 24), ["retrying: no response\\x1b[2J"]);
  model.apply({ kind: "resolved", name: "docker.io/library/a:1", digest: digest(1), host: "h" }, 2);
  assertEquals(textAt(model, 80, 24), ["docker.io/library/a:1 reading manifests"]);
});

Deno.test("pullLines() shows active layers and counts the others if there are more layers than rows", () => {
  assertEquals(textAt(halfway(), 42, 6).map((line) => line.trimEnd()), [
    "docker.io/library/a:1 linux/amd64",
    "222222222222   10.0MB/20.0MB downloading",
    "333333333333   5.00MB/30.0MB retrying",
    "… and 1 waiting, 1 done",
    "total 25.0MB/100MB 1/4 layers 8.00MB/s",
  ]);
});

Deno.test("pullLines() shows how a pull ended", () => {
  const model = halfway();
  model.end("interrupted");
  const words = textAt(model, 81, 24).map((line) => line.trimEnd().split(" ").slice(-2).join(" "));
  assertEquals(words, [
    "linux/amd64 interrupted",
    "111111111111 downloaded",
    "222222222222 kept",
    "333333333333 kept",
    "not started",
    "1/4 layers",
  ]);
});
