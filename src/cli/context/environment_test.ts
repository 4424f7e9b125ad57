import { AppError } from "../../base/errors.ts";
import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { processVariable, readEnvironment, storeRootOf, takeVariables } from "./environment.ts";

const read = (env: Readonly<Record<string, string>>, isRoot = false) =>
  readEnvironment((name) => env[name], isRoot);

Deno.test("the store comes from the option, the variables, or the kind of user", async (t) => {
  const cases: readonly (readonly [env: Record<string, string>, isRoot: boolean, want: string])[] = [
    [{ DRAY_STORE: "/s", HOME: "/h" }, true, "/s"],
    [{ DRAY_STORE: "", HOME: "/root" }, true, "/var/lib/dray"],
    [{ XDG_DATA_HOME: "/x", HOME: "/h" }, false, "/x/dray"],
    [{ XDG_DATA_HOME: "relative", HOME: "/h" }, false, "/h/.local/share/dray"],
    [{ HOME: "/h" }, false, "/h/.local/share/dray"],
  ];
  for (const [env, isRoot, want] of cases) {
    await t.step(want, () => assertEquals(storeRootOf(undefined, read(env, isRoot)), want));
  }
  assertEquals(storeRootOf("/option", read({ DRAY_STORE: "/s" })), "/option");
  assertThrows(() => storeRootOf(undefined, read({})), AppError, "HOME");
});

Deno.test("proxy variables are read in both spellings, lower case first", () => {
  assertEquals(read({}).proxies, {});
  assertEquals(
    read({ HTTPS_PROXY: "http://a", https_proxy: "http://b", NO_PROXY: "x", http_proxy: "" }).proxies,
    {
      https: "http://b",
      no: "x",
    },
  );
});

Deno.test("empty variables don't count", () => {
  const { noColour, isCi, isDumb } = read({ NO_COLOR: "1", CI: "true", TERM: "dumb" });
  assertEquals([noColour, isCi, isDumb], [true, true, true]);
  const off = read({ NO_COLOR: "", CI: "false", TERM: "xterm" });
  assertEquals([off.noColour, off.isCi, off.isDumb], [false, false, false]);
});

Deno.test({
  name: "processVariable() treats a variable without permission as unset",
  permissions: { env: ["HOME"] },
  fn() {
    assertEquals(typeof processVariable("HOME"), "string");
    assertEquals(processVariable("PATH"), undefined);
  },
});

Deno.test({
  name: "takeVariables() treats variables without permission as unset",
  permissions: { env: ["HOME"] },
  fn() {
    const variable = takeVariables();
    assertEquals(typeof variable("HOME"), "string");
    assertEquals(variable("TERM"), undefined);
  },
});

Deno.test("SSL_CERT_FILE and SSL_CERT_DIR name the system's CAs", () => {
  assertEquals(read({}).systemRoots, {});
  assertEquals(read({ SSL_CERT_FILE: "", SSL_CERT_DIR: ":" }).systemRoots, {});
  assertEquals(read({ SSL_CERT_FILE: "/f", SSL_CERT_DIR: "/a::/b" }).systemRoots, {
    file: "/f",
    directories: ["/a", "/b"],
  });
});

Deno.test("takeVariables() removes what the runtime or a helper program must not use", () => {
  const names = ["DOCKER_AUTH_CONFIG", "SSL_CERT_FILE", "SSL_CERT_DIR", "https_proxy"];
  const before = new Map(names.map((name) => [name, Deno.env.get(name)]));
  try {
    for (const name of names) Deno.env.set(name, "value");
    const variable = takeVariables();
    assertEquals(
      names.map((name) => [variable(name), Deno.env.get(name)]),
      names.map(() => ["value", undefined]),
    );
  } finally {
    for (const [name, value] of before) if (value !== undefined) Deno.env.set(name, value);
  }
});
