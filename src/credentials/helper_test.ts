import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Credential } from "../content/credential.ts";
import { eraseFromHelper, getFromHelper, storeInHelper } from "./helper.ts";
import { helpersIn, inDirectory, writeScript } from "./test_kit.ts";

const HELPER = { name: "chain", namedBy: "credsStore of config.json" };

/** Runs a test with a `docker-credential-chain` of these shell lines. */
function withHelper(lines: string[], test: (directory: string) => Promise<void>): Promise<void> {
  return inDirectory(async (directory) => {
    await writeScript(`${directory}/docker-credential-chain`, ...lines);
    await test(directory);
  });
}

const OUTPUTS: [what: string, lines: string[], want: Credential | undefined][] = [
  ["user and secret", [`echo '{"ServerURL":"h.io","Username":"u","Secret":"p:w"}'`], {
    kind: "basic",
    username: "u",
    password: "p:w",
  }],
  ["an identity token", [`echo '{"Username":"<token>","Secret":"t"}'`], { kind: "refresh", token: "t" }],
  ["the registry as input", [`printf '{"Username":"%s","Secret":"%s"}' "$(cat)" "$1"`], {
    kind: "basic",
    username: "h.io",
    password: "get",
  }],
  ["none", ["echo credentials not found in native keychain", "exit 1"], undefined],
  ["none, on standard error", ["echo credentials not found in native keychain >&2", "exit 1"], undefined],
  ["an empty user name", [`echo '{"Username":"","Secret":""}'`], undefined],
  ["an empty token", [`echo '{"Username":"<token>","Secret":""}'`], undefined],
];

Deno.test("getFromHelper() parses the output of helpers", async (t) => {
  for (const [what, lines, want] of OUTPUTS) {
    await t.step(what, () =>
      withHelper(lines, async (directory) => {
        assertEquals(await getFromHelper(HELPER, "h.io", helpersIn(directory), neverAborted()), want);
      }));
  }
});

const FAILURES: [what: string, lines: string[], code: ErrorCode, message: string][] = [
  [
    "a message on standard error",
    ["echo 'pass: no key' >&2", "exit 1"],
    "unauthorized",
    'printed "pass: no key"',
  ],
  ["a message on standard output", ["echo no key", "exit 1"], "unauthorized", 'printed "no key"'],
  ["no message", ["exit 1"], "unauthorized", "it failed without a message"],
  ["JSON and a failure", [`echo '{"Secret":"hidden"}'`, "exit 1"], "unauthorized", "without a message"],
  ["control characters", ["printf 'a\\033[31mb' >&2", "exit 1"], "unauthorized", 'printed "a [31mb"'],
  ["invalid JSON", ["echo hidden"], "invalid_content", "not valid JSON"],
  [
    "a secret that isn't a string",
    [`echo '{"Username":"u","Secret":["hidden"]}'`],
    "invalid_content",
    '"Secret"',
  ],
];

Deno.test("getFromHelper() reports failures and never quotes a secret", async (t) => {
  for (const [what, lines, code, message] of FAILURES) {
    await t.step(what, () =>
      withHelper(lines, async (directory) => {
        const get = () => getFromHelper(HELPER, "h.io", helpersIn(directory), neverAborted());
        const error = await assertRejects(get, AppError, message);
        assertEquals(error.code, code);
        assert(!Deno.inspect(error).includes("hidden"));
      }));
  }
});

Deno.test("getFromHelper() kills a helper that doesn't end in time", () =>
  withHelper(["exec sleep 600"], async (directory) => {
    const get = () => getFromHelper(HELPER, "h.io", { ...helpersIn(directory), timeout: 50 }, neverAborted());
    const error = await assertRejects(get, AppError, "did not end within 0.05 s");
    assertEquals(error.code, "deadline_exceeded");
  }));

Deno.test("getFromHelper() throws the caller's abort reason", () =>
  withHelper(["exec sleep 600"], async (directory) => {
    const controller = new AbortController();
    const found = getFromHelper(HELPER, "h.io", helpersIn(directory), controller.signal);
    controller.abort(new RangeError("cancelled by the test"));
    await assertRejects(() => found, RangeError, "cancelled by the test");
  }));

Deno.test("getFromHelper() names a missing program and the file that names it", async () => {
  const error = await assertRejects(() =>
    getFromHelper({ ...HELPER, name: "none" }, "h.io", {}, neverAborted())
  );
  assert(error instanceof AppError && error.code === "unauthorized");
  assert(error.message.includes('"docker-credential-none", named by credsStore of config.json'));
});

Deno.test("getFromHelper() rejects a helper with a path", async (t) => {
  for (const name of ["../evil", "a/b", "/bin/sh", "", "-x", "a b", "a\0"]) {
    await t.step(JSON.stringify(name), async () => {
      const error = await assertRejects(
        () => getFromHelper({ ...HELPER, name }, "h.io", {}, neverAborted()),
        AppError,
        "a name without a path",
      );
      assertEquals(error.code, "invalid_content");
    });
  }
  for (const name of ["desktop.exe", "ecr-login", "gcloud", "osxkeychain"]) {
    await t.step(name, async () => {
      await assertRejects(
        () => getFromHelper({ ...HELPER, name }, "h.io", { env: { PATH: "/nowhere" } }, neverAborted()),
        AppError,
        "no such program in PATH",
      );
    });
  }
});

Deno.test({
  name: "getFromHelper() names the missing permission",
  permissions: { read: true, write: true, env: true, run: false },
  fn: () =>
    withHelper(["exit 1"], async (directory) => {
      const get = () => getFromHelper(HELPER, "h.io", helpersIn(directory), neverAborted());
      const error = await assertRejects(get, AppError);
      assertEquals(error.code, "permission_denied");
      assert(error.message.endsWith("add --allow-run=docker-credential-chain"));
    }),
});

Deno.test("storeInHelper() and eraseFromHelper() follow the protocol", () =>
  inDirectory(async (directory) => {
    await writeScript(`${directory}/docker-credential-chain`, `cat > ${directory}/$1`);
    const options = helpersIn(directory);
    const signal = neverAborted();
    await storeInHelper(
      HELPER,
      "docker.io",
      { kind: "basic", username: "u", password: "p" },
      options,
      signal,
    );
    assertEquals(JSON.parse(await Deno.readTextFile(`${directory}/store`)), {
      ServerURL: "https://index.docker.io/v1/",
      Username: "u",
      Secret: "p",
    });
    await storeInHelper(HELPER, "h.io", { kind: "refresh", token: "t" }, options, signal);
    assertEquals(JSON.parse(await Deno.readTextFile(`${directory}/store`)).Username, "<token>");
    assert(await eraseFromHelper(HELPER, "docker.io", options, signal));
    assertEquals(await Deno.readTextFile(`${directory}/erase`), "https://index.docker.io/v1/");
    const bearer = () => storeInHelper(HELPER, "h.io", { kind: "bearer", token: "t" }, options, signal);
    assertEquals((await assertRejects(bearer, AppError)).code, "unsupported");
  }));

Deno.test("storeInHelper() redacts a secret that the helper prints", () =>
  withHelper(["cat >&2", "exit 1"], async (directory) => {
    const credential = { kind: "basic", username: "u", password: "hidden" } as const;
    const store = () => storeInHelper(HELPER, "h.io", credential, helpersIn(directory), neverAborted());
    const error = await assertRejects(store, AppError, '"Secret":"REDACTED"');
    assert(!Deno.inspect(error).includes("hidden"));
  }));

Deno.test("eraseFromHelper() succeeds if there is no credential", () =>
  withHelper(["echo credentials not found in native keychain", "exit 1"], async (directory) => {
    assert(!await eraseFromHelper(HELPER, "h.io", helpersIn(directory), neverAborted()));
  }));
