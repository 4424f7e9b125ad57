import { assert, assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import type { PullEvent } from "../../image/model/events.ts";
import type { ProgressLine } from "../../image/pull/progress_line.ts";
import { jsonProgress } from "./json.ts";
import { LiveLines } from "./live.ts";
import { piece } from "./line.ts";
import { plainProgress } from "./plain.ts";
import { type ProgressKind, progressKindFor } from "./progress.ts";
import { livePull } from "./live_pulls.ts";
import { digest, planned, TestClock, TestTerminal } from "./test_kit.ts";

const fetching = { kind: "blob", digest: digest(1), state: "fetching", offset: 0, size: 1000 } as const;
const bytesAt = (offset: number) => ({ kind: "bytes", digest: digest(1), offset, size: 1000 }) as const;

Deno.test("progressKindFor() chooses redrawn lines only for interactive terminals", () => {
  const terminal = { isTerminal: true, isDumb: false, isCi: false };
  const cases: readonly (readonly [ProgressKind | "auto", Partial<typeof terminal>, ProgressKind])[] = [
    ["auto", {}, "tty"],
    ["auto", { isTerminal: false }, "plain"],
    ["auto", { isDumb: true }, "plain"],
    ["auto", { isCi: true }, "plain"],
    ["tty", { isCi: true }, "tty"],
    ["none", {}, "none"],
  ];
  for (const [requested, change, want] of cases) {
    assertEquals(progressKindFor(requested, { ...terminal, ...change }), want);
  }
});

Deno.test("LiveLines redraws at most ten times per second, and only changes", () => {
  const clock = new TestClock();
  const terminal = new TestTerminal(40, 10);
  let text = "one";
  const live = new LiveLines(() => [[piece(text)], [piece("below")]], { terminal, clock, colours: false });
  terminal.written = "";
  clock.advance(1000);
  assertEquals(terminal.written, "");
  text = "two";
  clock.advance(99);
  assertEquals(terminal.screen, ["one", "below"]);
  clock.advance(1);
  assertEquals(terminal.screen, ["two", "below"]);
  live.print("printed above");
  assertEquals(terminal.screen, ["printed above", "two", "below"]);
  live[Symbol.dispose]();
  assertEquals(clock.timers, 0);
});

Deno.test("LiveLines leaves no stale rows when lines disappear or the terminal becomes narrower", () => {
  const clock = new TestClock();
  const terminal = new TestTerminal(40, 10);
  let count = 3;
  const lines = () => Array.from({ length: count }, (_, i) => [piece(`${i}`.repeat(terminal.columns - 1))]);
  using _live = new LiveLines(lines, { terminal, clock, colours: false });
  terminal.resize(25);
  assertEquals(terminal.screen.length, 6);
  clock.advance(100);
  assertEquals(terminal.screen, ["0", "1", "2"].map((digit) => digit.repeat(24)));
  terminal.resize(70);
  clock.advance(100);
  assertEquals(terminal.screen, ["0", "1", "2"].map((digit) => digit.repeat(69)));
  count = 1;
  clock.advance(100);
  assertEquals(terminal.screen, ["0".repeat(69)]);
});

Deno.test("livePull() leaves the final state and a visible cursor, with colours only if enabled", () => {
  for (const colours of [true, false]) {
    const clock = new TestClock();
    const terminal = new TestTerminal(81, 24);
    const progress = livePull("a:1", { terminal, clock, colours });
    for (const event of [planned(1000), fetching, bytesAt(400)]) progress.onEvent(event);
    progress.onEvent({ kind: "warning", message: "mind \x1b[31m this" });
    progress.end("interrupted");
    assertEquals(terminal.screen[0], "dray: warning: mind \\x1b[31m this");
    assertEquals(terminal.screen[1], "a:1 interrupted");
    assertStringIncludes(terminal.screen[2] ?? "", "400B/1.00kB 111111111111 kept");
    assert(terminal.written.endsWith("\n"));
    assert(!terminal.written.includes("\x1b[?"));
    assertEquals(terminal.written.includes("\x1b[36m"), colours);
    assertEquals([progress.retainedBytes(), clock.timers], [400, 0]);
  }
});

Deno.test("plainProgress() writes state changes, and a heartbeat every ten seconds", () => {
  const clock = new TestClock();
  let text = "";
  const progress = plainProgress("a:1", { write: (more) => text += more, clock });
  progress.onEvent({ kind: "resolving", name: "docker.io/library/a:1" });
  progress.onEvent(planned(1000));
  progress.onEvent(fetching);
  clock.advance(12_000);
  progress.onEvent(bytesAt(500));
  clock.advance(9000);
  progress.onEvent({ kind: "retry", digest: digest(1), attempt: 2, offset: 500, delayMs: 1500, reason: "x" });
  progress.onEvent({ ...fetching, state: "committed", offset: 1000 });
  progress.end("done");
  assertEquals(text.trimEnd().split("\n"), [
    "[00:00:00] resolving docker.io/library/a:1",
    "[00:00:00] 1 layer, 1.00kB in total",
    "[00:00:00] 111111111111 downloading 1.00kB",
    "[00:00:10] 0 of 1 blob, 0B of 1.00kB, 0B/s",
    "[00:00:20] 0 of 1 blob, 500B of 1.00kB, 0B/s",
    "[00:00:21] 111111111111 attempt 2 failed, retrying in 1.5 s, resuming at byte 500: x",
    "[00:00:21] 111111111111 downloaded 1.00kB in 21.0 s",
  ]);
  assertEquals(clock.timers, 0);
});

Deno.test("plainProgress() reports the phase in which a pull failed, without a remaining time", () => {
  const ends = (...events: readonly PullEvent[]) => {
    const clock = new TestClock();
    let text = "";
    const progress = plainProgress("a:1", { write: (more) => text += more, clock });
    for (const event of events) {
      progress.onEvent(event);
      clock.advance(500);
    }
    progress.end("failed");
    return text.trimEnd().split("\n").at(-1)?.replace(/^\S+ /, "");
  };
  const resolving = { kind: "resolving", name: "a:1" } as const;
  assertEquals(ends(resolving), "failed: resolving a:1");
  const resolved = { kind: "resolved", name: "a:1", digest: digest(7), host: "h" } as const;
  assertEquals(ends(resolving, resolved), "failed: reading manifests of a:1");
  const transfer = [fetching, bytesAt(200), bytesAt(400), bytesAt(600)];
  assertEquals(ends(planned(1000), ...transfer), "failed: 0 of 1 blob, 600B of 1.00kB");
});

Deno.test("all kinds of progress show what a pull waits for, until it continues", () => {
  const clock = new TestClock();
  const terminal = new TestTerminal(81, 24);
  let text = "";
  const lines: ProgressLine[] = [];
  const all = [
    livePull("a:1", { terminal, clock, colours: false }),
    plainProgress("a:1", { write: (more) => text += more, clock }),
    jsonProgress("a:1", {
      write: (line) => void lines.push(JSON.parse(line)),
      clock,
      date: () => new Date(0),
    }),
  ];
  const send = (...events: readonly PullEvent[]) => {
    for (const event of events) for (const progress of all) progress.onEvent(event);
    clock.advance(100);
  };
  send({ kind: "waiting", for: "collector" });
  assertEquals(terminal.screen, ["a:1 waiting for rm or gc to finish"]);
  send({ kind: "resolving", name: "a:1" });
  assertEquals(terminal.screen, ["a:1 resolving"]);
  send(planned(1000), { kind: "waiting", for: "writer", digest: digest(1) });
  assertStringIncludes(terminal.screen[1] ?? "", "111111111111 other pull");
  send({ ...fetching, state: "present", offset: 1000 });
  assertStringIncludes(terminal.screen[1] ?? "", "111111111111 exists");
  for (const progress of all) progress.end("done");
  assertEquals(text.trimEnd().split("\n").map((line) => line.replace(/^\S+ /, "")), [
    "waiting for rm or gc to finish",
    "resolving a:1",
    "1 layer, 1.00kB in total",
    "111111111111 waiting: another pull is downloading it",
    "111111111111 exists 1.00kB",
  ]);
  assertEquals(
    lines.flatMap((line) => line.event === "waiting" ? [line] : []).map((
      { v: _, time: __, name: ___, ...rest },
    ) => rest),
    [{ event: "waiting", for: "collector" }, { event: "waiting", for: "writer", digest: digest(1) }],
  );
});

Deno.test("jsonProgress() writes one event per line, and bytes at most four times per second", () => {
  const clock = new TestClock();
  const lines: ProgressLine[] = [];
  const write = (text: string) => void lines.push(JSON.parse(text));
  const date = () => new Date(clock.now());
  const progress = jsonProgress("a:1", { write, clock, date });
  progress.onEvent({ kind: "resolving", name: "docker.io/library/a:1" });
  progress.onEvent(planned(1000));
  progress.onEvent(fetching);
  for (let offset = 1; offset <= 500; offset++) {
    progress.onEvent(bytesAt(offset));
    clock.advance(2);
  }
  progress.onEvent(bytesAt(600));
  progress.end("interrupted");
  const bytes = lines.filter(({ event }) => event === "bytes");
  assertEquals(bytes.length, 5);
  assertEquals(bytes.at(-1), {
    v: 1,
    time: "1970-01-01T00:00:01.000Z",
    name: "docker.io/library/a:1",
    event: "bytes",
    digest: digest(1),
    offset: 600,
    size: 1000,
  });
  const end = lines.at(-1);
  assertEquals(end?.event === "end" ? [end.outcome, end.kept] : end, ["interrupted", 600]);
  assertEquals(clock.timers, 0);
});
