import { AppError } from "../../base/errors.ts";
import { assert, assertEquals, assertStringIncludes } from "../../../tests/assert.ts";
import { type MessageOptions, Messages } from "./messages.ts";

function written(error: unknown, options: Partial<MessageOptions> = {}): string {
  let text = "";
  const output = { isTerminal: false, write: (more: string) => void (text += more) };
  new Messages(output, { format: "text", verbose: false, debug: false, ...options }).error(error);
  return text;
}

const CHAIN = new AppError("network", "Cannot pull", {
  cause: new AppError("network", "Cannot reach", { cause: new TypeError("refused") }),
});

Deno.test("an error is one line; causes and stack traces are optional", () => {
  assertEquals(written(CHAIN), "dray: Cannot pull\n");
  assertEquals(
    written(CHAIN, { verbose: true }),
    "dray: Cannot pull\n  caused by: Cannot reach\n  caused by: refused\n",
  );
  assertStringIncludes(written(CHAIN, { debug: true }), "messages_test.ts");
});

Deno.test("an error can't send escape sequences to the terminal", () => {
  assertEquals(written(new AppError("network", "a\x1b[2J\nb")), "dray: a\\x1b[2J\\x0ab\n");
});

Deno.test("a missing permission names the flag to add", async (t) => {
  const cases: readonly (readonly [message: string, want: string])[] = [
    [
      'Requires net access to "ghcr.io:443", run again with the --allow-net flag',
      'Cannot get net access to "ghcr.io:443": missing permission: add --allow-net=ghcr.io:443\n',
    ],
    [
      'Requires read access to "/a/b", run again with the --allow-read flag',
      'read access to "/a/b": missing permission: add --allow-read=/a/b\n',
    ],
    [
      "Requires read access to <CWD>, run again with the --allow-read flag",
      "to <CWD>: missing permission: add --allow-read\n",
    ],
    [
      "Requires all access, run again with the --allow-all flag",
      "all access: missing permission: add --allow-all\n",
    ],
    ["Something else", "dray: Something else\n"],
  ];
  for (const [message, want] of cases) {
    await t.step(message, () => assertStringIncludes(written(new Deno.errors.NotCapable(message)), want));
  }
});

Deno.test({
  name: "the runtime's message about a missing permission is parsed",
  permissions: { read: false },
  fn() {
    try {
      Deno.readTextFileSync("/some/file");
    } catch (error) {
      assertStringIncludes(written(error), "add --allow-read=/some/file");
    }
  },
});

Deno.test("only an unexpected error asks for a bug report", () => {
  assertStringIncludes(written(new TypeError("x is not a function")), "Please report it");
  assert(!written(CHAIN).includes("report"));
});

Deno.test("JSON lines contain code, details and causes", () => {
  const error = new AppError("not_found", "No tag", { details: { tag: "a" }, cause: new Error("404") });
  assertEquals(JSON.parse(written(error, { format: "json" })), {
    level: "error",
    message: "No tag",
    code: "not_found",
    exitCode: 3,
    details: { tag: "a" },
    causes: ["404"],
  });
});
