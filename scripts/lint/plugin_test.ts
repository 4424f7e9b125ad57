import { assertEquals } from "../../tests/assert.ts";
import plugin from "./plugin.ts";
import { RESTRICTED_APIS } from "./restricted_apis.ts";

/** The rule reports `bad` in the file `path`. It accepts `good` there, and `bad` in the file `allowedIn`. */
interface Case {
  readonly rule: string;
  readonly path: string;
  readonly bad: string;
  readonly good: string;
  readonly allowedIn?: string;
}

const CLI = "src/cli/main.ts";
const FS = "src/store/fs/fs.ts";

const CASES: readonly Case[] = [
  {
    rule: "restricted-api",
    path: "src/image/a.ts",
    bad: "console.log(1)",
    good: "logger.log(1)",
    allowedIn: CLI,
  },
  {
    rule: "restricted-api",
    path: "src/image/a.ts",
    bad: "console['error'](1)",
    good: "log['error'](1)",
    allowedIn: "main.ts",
  },
  {
    rule: "restricted-api",
    path: "src/image/a.ts",
    bad: "Deno.stdout.writeSync(b)",
    good: "file.writeSync(b)",
    allowedIn: CLI,
  },
  {
    rule: "restricted-api",
    path: "src/image/a.ts",
    bad: "prompt('?')",
    good: "ask.prompt('?')",
    allowedIn: CLI,
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "Deno.env.get('X')",
    good: "env.get('X')",
    allowedIn: CLI,
  },
  { rule: "restricted-api", path: "src/store/a.ts", bad: "f(Deno.args)", good: "f(args)", allowedIn: CLI },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "Deno.exit(1)",
    good: "// Deno.exit(1)",
    allowedIn: CLI,
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "Deno['exit'](1)",
    good: "f('Deno.exit')",
    allowedIn: CLI,
  },
  { rule: "restricted-api", path: "src/store/a.ts", bad: "Deno[name](1)", good: "table[name](1)" },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "const { env } = Deno",
    good: "const { build } = Deno",
    allowedIn: CLI,
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "const { build, ...rest } = Deno",
    good: "const { env } = deps",
  },
  { rule: "restricted-api", path: "src/store/a.ts", bad: "const d = Deno", good: "const d: Deno.FsFile = f" },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "globalThis.Deno.exit(1)",
    good: "globalThis.structuredClone(1)",
  },
  {
    rule: "restricted-api",
    path: "src/registry/a.ts",
    bad: "fetch(u)",
    good: "x.fetch(u)",
    allowedIn: "src/http/transport.ts",
  },
  {
    rule: "restricted-api",
    path: "src/registry/a.ts",
    bad: "f((u) => fetch(u))",
    good: "f((fetch) => fetch(u))",
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "file.sync()",
    good: "syncer.sync(directory)",
    allowedIn: FS,
  },
  { rule: "restricted-api", path: "src/registry/a.ts", bad: "globalThis.fetch(u)", good: "fetcher(u)" },
  {
    rule: "restricted-api",
    path: "src/registry/a.ts",
    bad: "const get = fetch",
    good: "const get = fetcher",
  },
  {
    rule: "restricted-api",
    path: "src/tar/a.ts",
    bad: 'import { createHash } from "node:crypto"',
    good: 'import { createHash } from "../base/hash.ts"',
    allowedIn: "src/base/hash.ts",
  },
  {
    rule: "restricted-api",
    path: "src/tar/a.ts",
    bad: 'await import("node:zlib")',
    good: 'f("node:zlib")',
    allowedIn: "src/compress/a.ts",
  },
  {
    rule: "restricted-api",
    path: "src/tar/a.ts",
    bad: 'export * from "node:fs"',
    good: 'export * from "./fs.ts"',
  },
  {
    rule: "restricted-api",
    path: "src/tar/a.ts",
    bad: "crypto.subtle.digest()",
    good: "crypto.randomUUID()",
    allowedIn: "src/base/hash.ts",
  },
  {
    rule: "restricted-api",
    path: "src/unpack/a.ts",
    bad: "Deno.dlopen(p, s)",
    good: "dlopen(p, s)",
    allowedIn: "src/unpack/fs/libc.ts",
  },
  {
    rule: "restricted-api",
    path: "src/registry/a.ts",
    bad: "await Deno.connect(address)",
    good: "await client.connect(address)",
    allowedIn: "src/http/h1/connection.ts",
  },
  {
    rule: "restricted-api",
    path: "src/http/transport.ts",
    bad: "const { connect } = Deno",
    good: "const { connect } = deps",
    allowedIn: "src/grpc/socket/unix_socket.ts",
  },
  {
    rule: "restricted-api",
    path: "src/grpc/socket/unix_socket.ts",
    bad: "await Deno.startTls(conn)",
    good: "conn.close()",
    allowedIn: "src/http/h1/connection.ts",
  },
  {
    rule: "restricted-api",
    path: "src/http/h1/connection.ts",
    bad: "Deno.connectTls(a)",
    good: "connectTls(a)",
  },
  {
    rule: "restricted-api",
    path: "src/http/h1/connection.ts",
    bad: "Deno.listen({ port: 0 })",
    good: "events.listen({ port: 0 })",
    allowedIn: "src/cli/commands/node/serve.ts",
  },
  {
    rule: "restricted-api",
    path: "src/cli/commands/node/serve.ts",
    bad: "Deno.listenTls(o)",
    good: "listenTls(o)",
  },
  {
    rule: "restricted-api",
    path: "src/cli/commands/node/serve.ts",
    bad: "Deno.serve(f)",
    good: "server.serve(f)",
  },
  {
    rule: "restricted-api",
    path: "src/credentials/a.ts",
    bad: "new Deno.Command('x')",
    good: "new Command('x')",
    allowedIn: "src/credentials/program.ts",
  },
  {
    rule: "restricted-api",
    path: "src/unpack/a.ts",
    bad: "Deno.renameSync(a, b)",
    good: "Deno.remove(a)",
    allowedIn: FS,
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "await file.sync()",
    good: "file.sync",
    allowedIn: FS,
  },
  {
    rule: "restricted-api",
    path: "src/store/a.ts",
    bad: "file?.tryLock()",
    good: "reader.releaseLock()",
    allowedIn: FS,
  },
  { rule: "restricted-api", path: "tests/a.ts", bad: "a.pipe(b)", good: "a.pipeTo(b)" },
  { rule: "file-length", path: "src/oci/a.ts", bad: "a;\n".repeat(401), good: "a;\n".repeat(400) },
  {
    rule: "file-length",
    path: "src/oci/a.ts",
    bad: "a;\n".repeat(500),
    good: "// @generated\n" + "a;\n".repeat(500),
  },
  { rule: "todo", path: "src/oci/a.ts", bad: "// TODO: later", good: "// TODO(#12): later" },
  { rule: "todo", path: "src/oci/a.ts", bad: "/* FIXME(me): later */", good: "/* methods to do */" },
];

function reported(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, path, source).map((diagnostic) => diagnostic.id);
}

Deno.test("each lint rule reports its bad snippet and accepts the similar good one", async (t) => {
  for (const { rule, path, bad, good, allowedIn } of CASES) {
    await t.step(`${rule}: ${bad.slice(0, 40).replaceAll("\n", " ")}`, () => {
      assertEquals(new Set(reported(path, bad)), new Set([`dray/${rule}`]));
      assertEquals(reported(path, good), []);
      if (allowedIn !== undefined) assertEquals(reported(allowedIn, bad), []);
    });
  }
});

Deno.test("tests and scripts may use restricted APIs", () => {
  for (
    const path of [
      "src/store/a_test.ts",
      "src/store/test_kit.ts",
      "src/tar/a_fake.ts",
      "tests/a.ts",
      "scripts/a.ts",
    ]
  ) {
    assertEquals(reported(path, "console.log(Deno.env.get('X')); await fetch(u); Deno.serve(f)"), []);
  }
});

Deno.test("each file that may use a restricted API exists", async (t) => {
  for (const place of new Set(RESTRICTED_APIS.flatMap(({ allowed }) => allowed))) {
    await t.step(place, () => Deno.stat(new URL(`../../${place}`, import.meta.url)).then(() => {}));
  }
});
