import { assert, assertEquals } from "./assert.ts";

const ROOT = new URL("../", import.meta.url);

interface Info {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly specifier: string;
      readonly isDynamic?: boolean;
      readonly code?: { readonly specifier?: string };
    }[];
  }[];
}

/**
 * Returns the static imports of these files, recursively: paths from the root of the repository, and
 * packages.
 */
async function loadedFor(...files: readonly string[]): Promise<ReadonlySet<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "main.ts"],
    cwd: ROOT,
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as Info;
  const imports = new Map(modules.map(({ specifier, dependencies = [] }) => [
    specifier,
    dependencies.flatMap(({ isDynamic, code }) =>
      isDynamic || code?.specifier === undefined ? [] : [code.specifier]
    ),
  ]));
  const loaded = new Set<string>();
  const left = files.map((file) => new URL(file, ROOT).href);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    left.push(...imports.get(next) ?? []);
  }
  return new Set([...loaded].map((specifier) => specifier.replace(ROOT.href, "")));
}

function modulesOf(loaded: ReadonlySet<string>): readonly string[] {
  return [...new Set([...loaded].flatMap((path) => /^src\/([^/]+)\//.exec(path)?.[1] ?? []))].sort();
}

function packagesOf(loaded: ReadonlySet<string>): readonly string[] {
  return [...loaded].filter((path) => /^(npm|node|jsr|https?):/.test(path));
}

Deno.test("the start of the program loads only its command table and the parser of flags", async () => {
  const loaded = await loadedFor("main.ts", "src/cli/program.ts");
  assertEquals(modulesOf(loaded), ["base", "cli"]);
  assert(packagesOf(loaded).every((path) => path.includes("parse_args")), packagesOf(loaded).join(" "));
  assert([...loaded].every((path) => !path.startsWith("src/cli/commands/") || path.endsWith("/spec.ts")));
  assert([...loaded].every((path) => !/^src\/cli\/(?:help|output\/json|progress|completions)/.test(path)));
});

Deno.test("version loads only its command", async () => {
  const loaded = await loadedFor("main.ts", "src/cli/program.ts", "src/cli/commands/program/version.ts");
  assertEquals(modulesOf(loaded), ["base", "cli"]);
});

Deno.test("help loads no topic", async () => {
  const loaded = await loadedFor("main.ts", "src/cli/program.ts", "src/cli/commands/program/help.ts");
  assert(loaded.has("src/cli/help/topics.ts"));
  assertEquals([...loaded].filter((path) => path.startsWith("src/cli/help/topics/")), []);
});

Deno.test("images loads the store, but no network, archive or package", async () => {
  const loaded = await loadedFor(
    "main.ts",
    "src/cli/program.ts",
    "src/cli/commands/images/images.ts",
    "src/image/open.ts",
  );
  for (const module of ["registry", "cri", "grpc", "http2", "tar", "compress", "unpack"]) {
    assert(!modulesOf(loaded).includes(module), `${module} is loaded`);
  }
  assert(packagesOf(loaded).every((path) => path.includes("parse_args")), packagesOf(loaded).join(" "));
});
