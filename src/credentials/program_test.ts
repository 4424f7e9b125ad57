import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError } from "../base/errors.ts";
import { runProgram } from "./program.ts";
import { inDirectory, writeScript } from "./test_kit.ts";

Deno.test("runProgram() passes arguments and input, and returns both outputs and the status", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/p`, `printf '%s ' "$1"`, "cat", "echo oops >&2", "exit 3");
    const output = await runProgram(`${directory}/p`, ["get"], "in\n", neverAborted());
    assertEquals(output, { success: false, stdout: "get in\n", stderr: "oops\n" });
  }));

Deno.test("runProgram() accepts a program that doesn't read its input", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/p`, "exec true");
    const { success } = await runProgram(`${directory}/p`, [], "x".repeat(1_000_000), neverAborted());
    assert(success);
  }));

Deno.test("runProgram() stops a program with endless output", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/p`, "exec cat /dev/zero");
    const error = await assertRejects(() => runProgram(`${directory}/p`, [], "", neverAborted()), AppError);
    assertEquals(error.code, "limit_exceeded");
  }));

Deno.test("runProgram() starts nothing if the signal is aborted", async () => {
  const reason = new RangeError("gone");
  await assertRejects(
    () => runProgram("/no/such/program", [], "", AbortSignal.abort(reason)),
    RangeError,
    "gone",
  );
});

Deno.test("runProgram() kills the program on abort, although its child keeps the pipes open", () =>
  inDirectory(async (directory) => {
    // The child reports on a named pipe that it is running, so that the test doesn't wait for a fixed time.
    await new Deno.Command("mkfifo", { args: [`${directory}/started`] }).output();
    await writeScript(`${directory}/p`, "sleep 600 &", `echo $$ $! > ${directory}/started`, "wait");
    const controller = new AbortController();
    const run = runProgram(`${directory}/p`, [], "", controller.signal);
    const [program = "", child = ""] = (await Deno.readTextFile(`${directory}/started`)).trim().split(" ");
    controller.abort(new RangeError("cancelled by the test"));
    await assertRejects(() => run, RangeError, "cancelled by the test");
    Deno.kill(Number(child), "SIGKILL");
    await assertRejects(() => Deno.stat(`/proc/${program}/exe`));
  }));

Deno.test("runProgram() doesn't wait for a program that the ended one left behind with its pipes", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/p`, "sleep 600 &", `echo $! > ${directory}/left`, "echo done");
    const { stdout } = await runProgram(`${directory}/p`, [], "", neverAborted());
    assertEquals(stdout, "done\n");
    Deno.kill(Number(await Deno.readTextFile(`${directory}/left`)), "SIGKILL");
  }));
