import { AppError } from "../../base/errors.ts";
import { assertEquals } from "../../../tests/assert.ts";
import { exitCodeOf, EXITS } from "./exit_codes.ts";

Deno.test("all exit codes are different", () => {
  const codes = Object.values(EXITS).map(([code]) => code);
  assertEquals(new Set(codes).size, codes.length);
});

Deno.test("exitCodeOf() distinguishes failures", async (t) => {
  const cases: readonly (readonly [error: unknown, code: number])[] = [
    [new AppError("invalid_argument", "x"), 2],
    [new AppError("not_found", "x"), 3],
    [new AppError("unauthorized", "x"), 4],
    [new AppError("forbidden", "x"), 4],
    [new AppError("stalled", "x"), 5],
    [new AppError("digest_mismatch", "x"), 6],
    [new AppError("no_space", "x"), 7],
    [new Deno.errors.NotCapable("x"), 8],
    [new AppError("busy", "x"), 9],
    [new DOMException("x", "AbortError"), 130],
    [new TypeError("x"), 1],
    ["text", 1],
  ];
  for (const [error, code] of cases) {
    await t.step(String(error), () => assertEquals(exitCodeOf(error), code));
  }
});
