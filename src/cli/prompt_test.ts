import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import { assertEquals, assertRejects } from "../../tests/assert.ts";
import { ask, readPassword } from "./prompt.ts";
import { testIo } from "./test_kit.ts";

Deno.test("readPassword() takes all of standard input less one line end", async () => {
  for (const [stdin, want] of [["pw", "pw"], ["pw\n", "pw"], ["pw\r\n", "pw"], [" p\n\n", " p\n"]] as const) {
    assertEquals(await readPassword(testIo({ stdin })), want);
  }
  await assertRejects(() => readPassword(testIo({ stdin: "\n" })), AppError, "empty");
  await assertRejects(() => readPassword(testIo({ stdin: "x".repeat(70_000) })), AppError, "larger than");
});

Deno.test("ask() reads one line from a terminal, with what was wiped out again left out", async () => {
  const io = testIo({ stdin: "aé\x7fb\rrest", isTerminal: true });
  assertEquals(await ask(io, "Password", "secret", neverAborted()), "ab");
  assertEquals([io.err(), io.out()], ["Password: \n", ""]);
});

Deno.test("ask() ends with Ctrl-C, and asks nobody where there is no terminal", async () => {
  const io = testIo({ stdin: "ab\x03", isTerminal: true });
  await assertRejects(() => ask(io, "Password", "secret", neverAborted()), DOMException, "Interrupted");
  await assertRejects(() => ask(testIo(), "Username", "shown", neverAborted()), AppError, "no terminal");
});
