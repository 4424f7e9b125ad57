import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import { assertEquals, assertRejects } from "../../../tests/assert.ts";
import { promptLine, readPassword } from "./prompt.ts";
import { testIo } from "../test_kit.ts";

Deno.test("readPassword() reads all of standard input except one final line break", async () => {
  for (const [stdin, want] of [["pw", "pw"], ["pw\n", "pw"], ["pw\r\n", "pw"], [" p\n\n", " p\n"]] as const) {
    assertEquals(await readPassword(testIo({ stdin })), want);
  }
  await assertRejects(() => readPassword(testIo({ stdin: "\n" })), AppError, "empty");
  await assertRejects(() => readPassword(testIo({ stdin: "x".repeat(70_000) })), AppError, "larger than");
});

Deno.test("promptLine() reads one line from a terminal, without erased characters", async () => {
  const io = testIo({ stdin: "aé\x7fb\rrest", isTerminal: true });
  assertEquals(await promptLine(io, "Password", "secret", neverAborted()), "ab");
  assertEquals([io.err(), io.out()], ["Password: \n", ""]);
});

Deno.test("promptLine() ends with Ctrl-C, and fails without a terminal", async () => {
  const io = testIo({ stdin: "ab\x03", isTerminal: true });
  await assertRejects(
    () => promptLine(io, "Password", "secret", neverAborted()),
    DOMException,
    "Interrupted",
  );
  await assertRejects(
    () => promptLine(testIo(), "Username", "shown", neverAborted()),
    AppError,
    "is not a terminal",
  );
});
