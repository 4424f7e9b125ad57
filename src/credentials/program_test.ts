import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
import { AppError } from "../base/errors.ts";
import { runProgram } from "./program.ts";
import { inFolder, writeScript } from "./test_kit.ts";

Deno.test("runProgram() gives input and arguments, and takes both outputs and the status", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/p`, `printf '%s ' "$1"`, "cat", "echo oops >&2", "exit 3");
    const output = await runProgram(`${folder}/p`, ["get"], "in\n", neverAborted());
    assertEquals(output, { success: false, stdout: "get in\n", stderr: "oops\n" });
  }));

Deno.test("runProgram() does not mind a program that ends without reading its input", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/p`, "exec true");
    const { success } = await runProgram(`${folder}/p`, [], "x".repeat(1_000_000), neverAborted());
    assert(success);
  }));

Deno.test("runProgram() stops a program that writes without end", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/p`, "exec cat /dev/zero");
    const error = await assertRejects(() => runProgram(`${folder}/p`, [], "", neverAborted()), AppError);
    assertEquals(error.code, "limit_exceeded");
  }));

Deno.test("runProgram() starts nothing for a signal that is aborted", async () => {
  const reason = new RangeError("gone");
  await assertRejects(
    () => runProgram("/no/such/program", [], "", AbortSignal.abort(reason)),
    RangeError,
    "gone",
  );
});

Deno.test("runProgram() kills the program at the abort, though its child keeps the pipes open", () =>
  inFolder(async (folder) => {
    // The child says on a pipe of its own that it runs: the test waits for that and for no time.
    await new Deno.Command("mkfifo", { args: [`${folder}/started`] }).output();
    await writeScript(`${folder}/p`, "sleep 600 &", `echo $$ $! > ${folder}/started`, "wait");
    const controller = new AbortController();
    const run = runProgram(`${folder}/p`, [], "", controller.signal);
    const [program = "", child = ""] = (await Deno.readTextFile(`${folder}/started`)).trim().split(" ");
    controller.abort(new RangeError("enough"));
    await assertRejects(() => run, RangeError, "enough");
    Deno.kill(Number(child), "SIGKILL");
    await assertRejects(() => Deno.stat(`/proc/${program}/exe`));
  }));
