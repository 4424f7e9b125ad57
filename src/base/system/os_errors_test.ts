import { assertEquals } from "../../../tests/assert.ts";
import { isDenied, isMissing, osCodeOf, osErrorCode } from "./os_errors.ts";

function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("It didn't fail");
}

Deno.test("real failures of the system are classified", async (t) => {
  const file = await Deno.makeTempFile({ prefix: "dray-os-" });
  const full = Deno.openSync("/dev/full", { write: true });
  const open = (path: string) => () => Deno.openSync(path).close();
  const cases = {
    "no such file": [open(`${file}.none`), "ENOENT", true, undefined],
    "below a file": [open(`${file}/x`), "ENOTDIR", true, undefined],
    "a full disk": [() => void full.writeSync(new Uint8Array(1)), "ENOSPC", false, "no_space"],
    "a directory": [() => Deno.writeTextFileSync("/", ""), "EISDIR", false, undefined],
  } as const;
  try {
    for (const [name, [call, code, missing, kind]] of Object.entries(cases)) {
      await t.step(name, () => {
        const error = thrownBy(call);
        assertEquals([osCodeOf(error), isMissing(error), osErrorCode(error)], [code, missing, kind]);
      });
    }
  } finally {
    full.close();
    await Deno.remove(file);
  }
});

Deno.test("a denial of the runtime or the system is permission_denied", () => {
  for (const error of [new Deno.errors.NotCapable("x"), new Deno.errors.PermissionDenied("x")]) {
    assertEquals([isDenied(error), osErrorCode(error)], [true, "permission_denied"]);
  }
  const readOnly = Object.assign(new Error("x"), { code: "EROFS" });
  assertEquals([isDenied(readOnly), osErrorCode(readOnly)], [false, "permission_denied"]);
});

Deno.test("what isn't a system error has no code", () => {
  for (const error of [new Error("x"), Object.assign(new Error("x"), { code: 5 }), "text", undefined]) {
    assertEquals([osCodeOf(error), isMissing(error), osErrorCode(error)], [undefined, false, undefined]);
  }
});
