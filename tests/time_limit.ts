/**
 * Limits the time of each test to 60 s: `deno test --preload=tests/time_limit.ts`. A test that exceeds its
 * limit fails by name, and the other tests of its file still run.
 *
 * A test that needs longer than the default declares it with Deno's own option:
 *
 * ```ts
 * Deno.test("name", { timeout: 5 * 60_000 }, async () => {…});
 * ```
 *
 * Deno 2.6.10 ignores that option, so a timer limits the test as well. A timer can't interrupt a synchronous
 * loop: on that version, an endless one still hangs.
 *
 * @module
 */
import { runInThisContext } from "node:vm";

/** Limit of a test without a `timeout`, in milliseconds. */
const DEFAULT_LIMIT_MS = 60_000;

type Options = Partial<Deno.TestDefinition> & { timeout?: number };
type Arguments = readonly (string | Options | Deno.TestDefinition["fn"])[];

/** Merges the arguments of any overload of `Deno.test`, and adds the limit. */
function limited(args: Arguments): Options {
  const definition: Options = {};
  for (const arg of args) {
    if (typeof arg === "string") definition.name = arg;
    else if (typeof arg === "function") definition.fn = arg;
    else Object.assign(definition, arg);
  }
  const { fn, timeout: limit = DEFAULT_LIMIT_MS } = definition;
  if (fn === undefined) return definition;
  const name = definition.name ?? fn.name;
  return { ...definition, name, timeout: limit, fn: (t) => withLimit(name, limit, () => fn(t)) };
}

/** @throws Error if `run` doesn't settle within `limit` milliseconds */
async function withLimit(name: string, limit: number, run: () => void | Promise<void>): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Test "${name}" exceeded its limit of ${limit / 1000} s`)),
    limit,
  );
  // When Deno interrupts a synchronous loop in `run`, nothing else awaits this promise.
  promise.catch(() => {});
  try {
    await Promise.race([run(), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Wraps a function that registers tests. Deno takes the location of a test from the innermost stack frame
 * whose file isn't one of its extensions ("ext:…"), which must be the caller of the wrapper.
 */
const wrap = runInThisContext("(register, limited) => (...args) => register(limited(args))", {
  filename: "ext:time_limit",
}) as (register: typeof Deno.test, limit: typeof limited) => (...args: Arguments) => void;

Object.assign(Deno, {
  test: Object.assign(wrap(Deno.test, limited), Deno.test, {
    ignore: wrap(Deno.test.ignore as typeof Deno.test, limited),
    only: wrap(Deno.test.only as typeof Deno.test, limited),
  }),
});
