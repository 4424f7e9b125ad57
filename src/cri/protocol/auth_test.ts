import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { neverAborted } from "../../base/concurrency/abort.ts";
import { AppError } from "../../base/errors.ts";
import type { Credential } from "../../content/credential.ts";
import { type AuthFields, credentialsOf } from "./auth.ts";

const NOTHING: AuthFields = {
  username: "",
  password: "",
  auth: "",
  serverAddress: "",
  identityToken: "",
  registryToken: "",
};

async function found(fields: Partial<AuthFields>, registry = "a.b"): Promise<Credential | undefined> {
  const source = credentialsOf({ ...NOTHING, ...fields });
  return (await source?.findCredential(registry, "c", neverAborted()))?.credential;
}

const USER: Credential = { kind: "basic", username: "u", password: "p:q" };

Deno.test("credentialsOf() refuses what no registry issues, and accepts long tokens", async () => {
  const error = assertThrows(() =>
    credentialsOf({ ...NOTHING, username: "u", password: "x".repeat(70_000) })
  );
  assertEquals((error as AppError).code, "limit_exceeded");
  assertEquals((error as AppError).message.includes("xxx"), false);
  const token = "t".repeat(32_000);
  assertEquals(await found({ registryToken: token }), { kind: "bearer", token });
});

Deno.test("credentialsOf() reads every form of an AuthConfig", async (t) => {
  const cases:
    readonly (readonly [name: string, fields: Partial<AuthFields>, want: Credential | undefined])[] = [
      ["nothing", {}, undefined],
      ["user and password", { username: "u", password: "p:q" }, USER],
      ["auth", { auth: btoa("u:p:q") }, USER],
      ["auth padded with zeros", { auth: btoa("u:p:q\0\0") }, USER],
      ["identity token", { identityToken: "t" }, { kind: "refresh", token: "t" }],
      ["registry token", { registryToken: "t" }, { kind: "bearer", token: "t" }],
      ["user before auth", { username: "u", password: "p:q", auth: btoa("x:y") }, USER],
    ];
  for (const [name, fields, want] of cases) {
    await t.step(name, async () => assertEquals(await found(fields), want));
  }
  assertEquals(credentialsOf(undefined), undefined);
});

Deno.test("credentialsOf() keeps the credentials for the registry that the address names", async (t) => {
  const cases: readonly (readonly [address: string, registry: string, given: boolean])[] = [
    ["", "a.b", true],
    ["a.b", "a.b", true],
    ["https://a.b", "a.b", true],
    ["https://a.b/v1/", "a.b", true],
    ["a.b:5000", "a.b:5000", true],
    ["https://index.docker.io/v1/", "docker.io", true],
    ["a.b", "a.b:5000", false],
    ["a.b", "evil.a.b", false],
    ["https://a.b@evil.c", "a.b", false],
    ["docker.io", "a.b", false],
  ];
  for (const [serverAddress, registry, given] of cases) {
    await t.step(`"${serverAddress}" and ${registry}`, async () => {
      assertEquals(
        await found({ username: "u", password: "p:q", serverAddress }, registry),
        given ? USER : undefined,
      );
    });
  }
});

Deno.test("credentialsOf() refuses an auth field that can't be read, without showing it", async (t) => {
  for (const auth of ["%%%", btoa("hunter2"), btoa("\xff:\xff")]) {
    await t.step(auth, () => {
      const error = assertThrows(() => credentialsOf({ ...NOTHING, auth }), AppError, "expected base64");
      assertEquals(error.message.includes("hunter2"), false);
      assertEquals(error.code, "invalid_argument");
    });
  }
});
