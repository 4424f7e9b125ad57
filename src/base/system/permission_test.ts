import { assertEquals } from "../../../tests/assert.ts";
import { missingFlag } from "./permission.ts";

const CASES: readonly (readonly [message: string, flag: string | undefined])[] = [
  ['Requires read access to "/a b/c", run again with the --allow-read flag', "--allow-read=/a b/c"],
  ['Requires net access to "h.io:443", run again with the --allow-net flag', "--allow-net=h.io:443"],
  ["Requires read access to <CWD>, run again with the --allow-read flag", "--allow-read"],
  ["Requires ffi access, run again with the --allow-ffi flag", "--allow-ffi"],
  [
    'Requires run access to "ls", specify the required permissions during compilation using `deno compile --allow-run`',
    "--allow-run=ls",
  ],
  ["Something new", undefined],
];

Deno.test("missingFlag() parses the flag from the runtime's message", async (t) => {
  for (const [message, flag] of CASES) {
    await t.step(message, () => assertEquals(missingFlag(new Deno.errors.NotCapable(message)), flag));
  }
  await t.step(
    "only for NotCapable errors",
    () => assertEquals(missingFlag(new Error(CASES[0]?.[0])), undefined),
  );
});
