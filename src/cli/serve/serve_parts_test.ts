import { assert, assertEquals, assertRejects, assertThrows } from "../../../tests/assert.ts";
import { AppError, isCode } from "../../base/errors.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { Observer } from "../../cri/observability/observer.ts";
import { ProgressFeed } from "../../cri/pulls/progress_feed.ts";
import { readEvents } from "./events.ts";
import { type LoggedCalls, openServeLog } from "./log.ts";
import { findGroupId, parseHttpAddress, parseMode } from "./sockets.ts";

Deno.test("parseHttpAddress() parses hosts, ports and paths", async (t) => {
  const tcp = (hostname: string, port: number) => ({ transport: "tcp", hostname, port });
  const cases: readonly [text: string, want: unknown][] = [
    ["127.0.0.1:9323", tcp("127.0.0.1", 9323)],
    [":9323", tcp("127.0.0.1", 9323)],
    ["0.0.0.0:0", tcp("0.0.0.0", 0)],
    ["[::1]:80", tcp("::1", 80)],
    ["node.example:80", tcp("node.example", 80)],
    ["unix:/run/x.sock", { transport: "unix", path: "/run/x.sock" }],
    ["unix:///run/x.sock", { transport: "unix", path: "/run/x.sock" }],
    ["unix:x.sock", { transport: "unix", path: "x.sock" }],
  ];
  for (const [text, want] of cases) {
    await t.step(text, () => assertEquals<unknown>(parseHttpAddress(text, "--http"), want));
  }
  for (const text of ["", "9323", "host", "host:99999", "host:x", "unix:", "http://x:1", "::1:80"]) {
    await t.step(`rejected: "${text}"`, () => {
      assert(isCode(assertThrows(() => parseHttpAddress(text, "--http")), "invalid_argument"));
    });
  }
});

Deno.test("parseMode() and findGroupId() accept the same values as chmod and chgrp", async () => {
  assertEquals(["660", "0660", "0o600"].map(parseMode), [0o660, 0o660, 0o600]);
  for (const text of ["", "9", "66", "06660", "rw"]) assertThrows(() => parseMode(text));
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "root:x:0:\nkube:x:123:a,b\nbroken\n");
    assertEquals(await findGroupId("kube", file), 123);
    assertEquals(await findGroupId("77", file), 77);
    await assertRejects(() => findGroupId("broken", file), AppError);
  } finally {
    await Deno.remove(file);
  }
});

function logged(format: "text" | "json", calls: LoggedCalls = "all"): string {
  let text = "";
  {
    using log = openServeLog({
      format,
      calls,
      write: (more) => text += more,
      date: () => new Date("2026-01-02T03:04:05Z"),
    });
    log.info("serving", { socket: "/run/a b.sock" });
    log.info("call", { method: "/a/B", code: "ok", durationMs: 1.5 });
    log.info("call", { method: "/a/B", code: "notFound", message: 'no\n"x"' });
    log.error("call", new AppError("internal", "Cannot", { cause: new Error("why") }), { code: "internal" });
  }
  return text;
}

Deno.test("the log has one line per event, as text or JSON, and only the selected calls", () => {
  assertEquals(logged("text").split("\n"), [
    '2026-01-02T03:04:05.000Z INFO serving socket="/run/a b.sock"',
    "2026-01-02T03:04:05.000Z INFO call method=/a/B code=ok durationMs=1.5",
    logged("text").split("\n")[2] ?? "",
    "2026-01-02T03:04:05.000Z ERROR call code=internal error=Cannot errorCode=internal cause=why",
    "",
  ]);
  const lines = logged("json").trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lines[2], {
    time: "2026-01-02T03:04:05.000Z",
    level: "info",
    message: "call",
    fields: { method: "/a/B", code: "notFound", message: 'no\n"x"' },
  });
  assertEquals(lines[3].causes, ["why"]);
  assertEquals(logged("text", "failed").split("\n").filter((line) => line.includes("code=ok")), []);
  assertEquals(logged("text", "failed").split("\n").length, 4);
  assertEquals(logged("text", "none").split("\n").length, 3);
});

Deno.test("the log truncates long values", () => {
  for (const format of ["text", "json"] as const) {
    let text = "";
    {
      using log = openServeLog({
        format,
        calls: "all",
        write: (more) => text += more,
        date: () => new Date(),
      });
      log.info("call", { message: "x".repeat(1_000_000), method: "y".repeat(4096) });
      log.error("call", new Error("z".repeat(1_000_000), { cause: new Error("c".repeat(1_000_000)) }));
    }
    const [first = "", second = ""] = text.split("\n");
    assertEquals([first.length < 8500, second.length < 8500], [true, true]);
    assertEquals([first.includes("y".repeat(4096)), first.includes("x…")], [true, true]);
    assertEquals([second.includes("z…"), second.includes("c…")], [true, true]);
  }
});

Deno.test("readEvents() yields events until the server or the reader stops", async () => {
  const feed = new ProgressFeed();
  const observer = new Observer({ feed, metrics: () => "", onProblem: () => {} });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { transport: "tcp", hostname: "127.0.0.1", port: listener.addr.port } as const;
  const serving = observer.serve(listener);
  const pull = feed.begin("a:1");
  try {
    pull.onEvent({ kind: "resolving", name: "a:1" });
    pull.onEvent({ kind: "warning", message: "ü\n\nü" });
    const seen: string[] = [];
    for await (const { event, data } of readEvents(address, "it", "/progress", neverAborted())) {
      seen.push(`${event} ${JSON.parse(data).event ?? ""}`);
      if (event === "current") pull.end("done");
      if (seen.length === 3) break;
    }
    assertEquals(seen, ["progress resolving", "current ", "progress end"]);
    const wrong = async () => {
      for await (const _ of readEvents(address, "it", "/none", neverAborted()));
    };
    assert(isCode(await assertRejects(wrong), "network"));
  } finally {
    await observer.close();
    await serving;
  }
  const gone = async () => {
    for await (const _ of readEvents(address, "it", "/progress", neverAborted()));
  };
  assert(isCode(await assertRejects(gone), "network"));
});
