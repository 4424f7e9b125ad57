import { assert, assertEquals, assertRejects } from "../../tests/assert.ts";
import { neverAborted } from "../base/abort.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { Credential } from "../content/credential.ts";
import { eraseFromHelper, getFromHelper, storeInHelper } from "./helper.ts";
import { inFolder, runnerIn, writeScript } from "./test_kit.ts";

const HELPER = { name: "chain", namedBy: "credsStore of config.json" };

/** Runs a test beside a `docker-credential-chain` of these shell lines. */
function withHelper(lines: string[], test: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await writeScript(`${folder}/docker-credential-chain`, ...lines);
    await test(folder);
  });
}

const ANSWERS: [what: string, lines: string[], want: Credential | undefined][] = [
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
  ["none, on the other stream", ["echo credentials not found in native keychain >&2", "exit 1"], undefined],
  ["an empty answer", [`echo '{"Username":"","Secret":""}'`], undefined],
  ["an empty token", [`echo '{"Username":"<token>","Secret":""}'`], undefined],
];

Deno.test("getFromHelper() understands what helpers answer", async (t) => {
  for (const [what, lines, want] of ANSWERS) {
    await t.step(what, () =>
      withHelper(lines, async (folder) => {
        const run = runnerIn(folder);
        assertEquals(await getFromHelper(HELPER, "h.io", { run }, neverAborted()), want);
      }));
  }
});

const FAILURES: [what: string, lines: string[], code: ErrorCode, message: string][] = [
  ["words on standard error", ["echo 'pass: no key' >&2", "exit 1"], "unauthorized", 'says "pass: no key"'],
  ["words on standard output", ["echo no key", "exit 1"], "unauthorized", 'says "no key"'],
  ["no words", ["exit 1"], "unauthorized", "it failed without a word"],
  ["an answer and a failure", [`echo '{"Secret":"hidden"}'`, "exit 1"], "unauthorized", "without a word"],
  ["control characters", ["printf 'a\\033[31mb' >&2", "exit 1"], "unauthorized", 'says "a [31mb"'],
  ["no JSON", ["echo hidden"], "invalid_content", "not valid JSON"],
  [
    "a secret that is no text",
    [`echo '{"Username":"u","Secret":["hidden"]}'`],
    "invalid_content",
    '"Secret"',
  ],
];

Deno.test("getFromHelper() says what went wrong and never what the answer was", async (t) => {
  for (const [what, lines, code, message] of FAILURES) {
    await t.step(what, () =>
      withHelper(lines, async (folder) => {
        const ask = () => getFromHelper(HELPER, "h.io", { run: runnerIn(folder) }, neverAborted());
        const error = await assertRejects(ask, AppError, message);
        assertEquals(error.code, code);
        assert(!Deno.inspect(error).includes("hidden"));
      }));
  }
});

Deno.test("getFromHelper() kills a helper that does not answer", () =>
  withHelper(["exec sleep 600"], async (folder) => {
    const ask = () => getFromHelper(HELPER, "h.io", { run: runnerIn(folder), timeout: 50 }, neverAborted());
    const error = await assertRejects(ask, AppError, "no answer in 50 ms");
    assertEquals(error.code, "deadline_exceeded");
  }));

Deno.test("getFromHelper() gives up with the caller's own reason", () =>
  withHelper(["exec sleep 600"], async (folder) => {
    const controller = new AbortController();
    const answer = getFromHelper(HELPER, "h.io", { run: runnerIn(folder) }, controller.signal);
    controller.abort(new RangeError("enough"));
    await assertRejects(() => answer, RangeError, "enough");
  }));

Deno.test("getFromHelper() names a program that is not there, and who wants it", async () => {
  const error = await assertRejects(() =>
    getFromHelper({ ...HELPER, name: "none" }, "h.io", {}, neverAborted())
  );
  assert(error instanceof AppError && error.code === "unauthorized");
  assert(error.message.includes('"docker-credential-none", named by credsStore of config.json'));
});

Deno.test("getFromHelper() runs no program by a path", async (t) => {
  const run = () => Promise.reject(new Error("ran"));
  for (const name of ["../evil", "a/b", "/bin/sh", "", "-x", "a b", "a\0"]) {
    await t.step(JSON.stringify(name), async () => {
      const error = await assertRejects(
        () => getFromHelper({ ...HELPER, name }, "h.io", { run }, neverAborted()),
        AppError,
        "want a plain name",
      );
      assertEquals(error.code, "invalid_content");
    });
  }
  for (const name of ["desktop.exe", "ecr-login", "gcloud", "osxkeychain"]) {
    await t.step(name, async () => {
      await assertRejects(
        () => getFromHelper({ ...HELPER, name }, "h.io", { run }, neverAborted()),
        Error,
        "ran",
      );
    });
  }
});

Deno.test("getFromHelper() says which flag lets it run the helper", async () => {
  const run = () => Promise.reject(new Deno.errors.NotCapable("Requires run access"));
  const error = await assertRejects(() => getFromHelper(HELPER, "h.io", { run }, neverAborted()), AppError);
  assertEquals(error.code, "permission_denied");
  assert(error.message.endsWith("add --allow-run=docker-credential-chain"));
});

Deno.test("storeInHelper() and eraseFromHelper() speak the protocol", () =>
  inFolder(async (folder) => {
    await writeScript(`${folder}/docker-credential-chain`, `cat > ${folder}/$1`);
    const run = runnerIn(folder);
    const signal = neverAborted();
    await storeInHelper(
      HELPER,
      "docker.io",
      { kind: "basic", username: "u", password: "p" },
      { run },
      signal,
    );
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/store`)), {
      ServerURL: "https://index.docker.io/v1/",
      Username: "u",
      Secret: "p",
    });
    await storeInHelper(HELPER, "h.io", { kind: "refresh", token: "t" }, { run }, signal);
    assertEquals(JSON.parse(await Deno.readTextFile(`${folder}/store`)).Username, "<token>");
    assert(await eraseFromHelper(HELPER, "docker.io", { run }, signal));
    assertEquals(await Deno.readTextFile(`${folder}/erase`), "https://index.docker.io/v1/");
    const bearer = () => storeInHelper(HELPER, "h.io", { kind: "bearer", token: "t" }, { run }, signal);
    assertEquals((await assertRejects(bearer, AppError)).code, "unsupported");
  }));

Deno.test("storeInHelper() hides the secret when the helper repeats it", () =>
  withHelper(["cat >&2", "exit 1"], async (folder) => {
    const credential = { kind: "basic", username: "u", password: "hidden" } as const;
    const store = () => storeInHelper(HELPER, "h.io", credential, { run: runnerIn(folder) }, neverAborted());
    const error = await assertRejects(store, AppError, '"Secret":"REDACTED"');
    assert(!Deno.inspect(error).includes("hidden"));
  }));

Deno.test("eraseFromHelper() takes nothing to erase for a success", () =>
  withHelper(["echo credentials not found in native keychain", "exit 1"], async (folder) => {
    assert(!await eraseFromHelper(HELPER, "h.io", { run: runnerIn(folder) }, neverAborted()));
  }));
