import { assert, assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { withEagerFunctions } from "./eager_functions.ts";

/** Runs the text as a module and returns the value that it assigns to `globalThis.result`. */
async function run(code: string): Promise<unknown> {
  const { l } = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  const result = Reflect.get(globalThis, "result");
  Reflect.deleteProperty(globalThis, "result");
  assertEquals(l(3), 6);
  return result;
}

const PROGRAM = `
import { basename } from "node:path";
const early = later(2);
class Shape {
  side = (n) => n + 1;
  static of(n) { return [n].map((x) => x * 2); }
  get area() { return this.side(1); }
  async *all() { yield* [1, 2]; }
}
function later(n) { return n === 0 ? 0 : n + later(n - 1); }
async function slow() { return (await Promise.resolve([3])).map(function triple(n) { return 3 * n; }); }
function* count() { yield 1; }
async function* slowly() { yield 1; } function beside() { return "b"; } // a comment
class Square extends Shape {
  static made = 0;
  static { this.made = (() => 1)(); }
  set width(n) { this.n = (() => n)(); }
  ["com" + "puted"]() { return super.side === undefined; }
}
const { fallback = () => 4 } = {};
const text = \`a\${[1].map((n) => "b" + n)}\`;
const pure = [1].concat(/* @__PURE__ */ later(1), /* @__PURE__ */ (() => 2)());
const bag = { later, short() { return this.later(1); }, get five() { return 5; }, arrow: async () => 7 };
const named = () => {};
const all = [];
for await (const n of new Shape().all()) all.push(n);
globalThis.result = {
  early, of: Shape.of(4), area: new Shape().area, slow: await slow(), count: [...count()], short: bag.short(),
  square: [Square.made, new Square().computed(), Object.assign(new Square(), { width: 6 }).n],
  slowly: await Array.fromAsync(slowly()), beside: beside(), fallback: fallback(), text, pure,
  five: bag.five, arrow: await bag.arrow(), name: named.name, declared: later.name, all, base: basename("/a/b"),
};
export { later as l };
`;

Deno.test("withEagerFunctions() does not change the behaviour of a program", async () => {
  const eager = await withEagerFunctions(PROGRAM);
  const want = await run(PROGRAM);
  assert(want !== undefined);
  assertEquals(await run(eager), want);
});

Deno.test("withEagerFunctions() puts functions in parentheses, and declarations after the imports", async () => {
  const eager = await withEagerFunctions(PROGRAM);
  const [imported, first = ""] = eager.trim().split("\n");
  assertEquals(imported, 'import { basename } from "node:path";');
  assertStringIncludes(first, "var later = (function later(n) {");
  assertStringIncludes(eager, "var slow = (async function slow() {");
  assertStringIncludes(eager, ".map((function triple(n) { return 3 * n; }))");
  assertStringIncludes(eager, "side = ((n) => n + 1);");
  assertStringIncludes(eager, "short() { return this.later(1); }");
});

Deno.test("withEagerFunctions() leaves statements unchanged that isEager rejects", async () => {
  const eager = await withEagerFunctions(
    "function a() {}\nfunction b() {}\n",
    (start) => start > 0,
  );
  assertEquals(eager, "\nvar b = (function b() {});\nfunction a() {}\n;\n");
});

Deno.test("withEagerFunctions() rejects invalid code", async () => {
  const isRejected = await withEagerFunctions("function (").then(() => false, () => true);
  assert(isRejected);
});
