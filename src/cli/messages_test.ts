import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { type MessageOptions, Messages } from "./messages.ts";

function said(error: unknown, options: Partial<MessageOptions> = {}): string {
  let text = "";
  const output = { isTerminal: false, write: (more: string) => void (text += more) };
  new Messages(output, { format: "text", verbose: false, debug: false, ...options }).error(error);
  return text;
}

const CHAIN = new AppError("network", "Cannot pull", {
  cause: new AppError("network", "Cannot reach", { cause: new TypeError("refused") }),
});

Deno.test("an error is one line, its causes and places only if asked", () => {
  assertEquals(said(CHAIN), "dray: Cannot pull\n");
  assertEquals(
    said(CHAIN, { verbose: true }),
    "dray: Cannot pull\n  caused by: Cannot reach\n  caused by: refused\n",
  );
  assertStringIncludes(said(CHAIN, { debug: true }), "messages_test.ts");
});

Deno.test("an error can't steer the terminal", () => {
  assertEquals(said(new AppError("network", "a\x1b[2J\nb")), "dray: a\\x1b[2J\\x0ab\n");
});

Deno.test("a missing permission names the flag to add", async (t) => {
  const cases: readonly (readonly [message: string, want: string])[] = [
    [
      'Requires net access to "ghcr.io:443", run again with the --allow-net flag',
      'net access to "ghcr.io:443", add --allow-net=ghcr.io:443',
    ],
    [
      'Requires read access to "/a/b", run again with the --allow-read flag',
      'read access to "/a/b", add --allow-read=/a/b',
    ],
    ["Requires read access to <CWD>, run again with the --allow-read flag", "to <CWD>, add --allow-read\n"],
    ["Requires all access, run again with the --allow-all flag", "all access, add --allow-all\n"],
    ["Something else", "dray: Something else\n"],
  ];
  for (const [message, want] of cases) {
    await t.step(message, () => assertStringIncludes(said(new Deno.errors.NotCapable(message)), want));
  }
});

Deno.test({
  name: "the runtime's own words for a missing permission are understood",
  permissions: { read: false },
  fn() {
    try {
      Deno.readTextFileSync("/some/file");
    } catch (error) {
      assertStringIncludes(said(error), "add --allow-read=/some/file");
    }
  },
});

Deno.test("what should not happen asks for a report, what can happen does not", () => {
  assertStringIncludes(said(new TypeError("x is not a function")), "Please report it");
  assert(!said(CHAIN).includes("report"));
});

Deno.test("JSON lines hold code, details and causes", () => {
  const error = new AppError("not_found", "No tag", { details: { tag: "a" }, cause: new Error("404") });
  assertEquals(JSON.parse(said(error, { format: "json" })), {
    level: "error",
    message: "No tag",
    code: "not_found",
    exitCode: 3,
    details: { tag: "a" },
    causes: ["404"],
  });
});
