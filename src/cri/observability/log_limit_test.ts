import { assertEquals } from "../../../tests/assert.ts";
import type { CriLog } from "./log.ts";
import { limitLog } from "./log_limit.ts";

function recordingLog() {
  const lines: string[] = [];
  const log: CriLog = {
    info: (message, fields) => lines.push(`info ${message} ${JSON.stringify(fields)}`),
    warn: (message, fields) => lines.push(`warn ${message} ${JSON.stringify(fields)}`),
    error: (message) => lines.push(`error ${message}`),
  };
  return { lines, log };
}

Deno.test("limitLog() drops lines above the rate, and reports how many", () => {
  const { lines, log } = recordingLog();
  let now = 0;
  const limited = limitLog(log, () => now);
  for (let i = 0; i < 1000; i++) limited.info("call", { i });
  assertEquals([lines.length, lines.at(-1)], [100, 'info call {"i":99}']);
  limited.error("call", new Error("failed"));
  assertEquals(lines.at(-1), "error call");
  now += 100;
  limited.warn("A connection failed", { reason: "x" });
  limited.info("call");
  assertEquals(lines.slice(101), ['warn A connection failed {"reason":"x","suppressed":900}']);
});

Deno.test("limitLog() drops nothing at the rate of a few lines per second", () => {
  const { lines, log } = recordingLog();
  let now = 0;
  const limited = limitLog(log, () => now += 200);
  for (let i = 0; i < 1000; i++) limited.info("call", {});
  assertEquals([lines.length, lines.at(-1)], [1000, "info call {}"]);
});
