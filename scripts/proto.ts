/**
 * Generates `src/cri/proto/runtime_pb.ts` from `runtime.proto`.
 *
 * ```sh
 * deno task proto
 * ```
 *
 * Needs Node and npm. The generators are pinned and installed into a temporary directory, because the program itself
 * needs only `@bufbuild/protobuf`.
 *
 * @module
 */

/** buf 1.75 lacks an optional package that some machines need. */
const GENERATORS = ["@bufbuild/buf@1.74.0", "@bufbuild/protoc-gen-es@2.13.0", "@bufbuild/protobuf@2.17.0"];

const CONFIG = `version: v2
inputs:
  - directory: proto
plugins:
  - local: ["node", "node_modules/@bufbuild/protoc-gen-es/bin/protoc-gen-es"]
    out: gen
    opt: [target=ts, import_extension=ts]
`;

const home = new URL("../src/cri/proto/", import.meta.url);
const work = await Deno.makeTempDir({ prefix: "dray-proto-" });
try {
  await Deno.writeTextFile(`${work}/package.json`, "{}");
  await Deno.writeTextFile(`${work}/buf.gen.yaml`, CONFIG);
  await Deno.mkdir(`${work}/proto`);
  await Deno.copyFile(new URL("runtime.proto", home), `${work}/proto/runtime.proto`);
  await run("npm", ["install", "--silent", ...GENERATORS]);
  await run("npx", ["buf", "generate"]);
  await Deno.copyFile(`${work}/gen/runtime_pb.ts`, new URL("runtime_pb.ts", home));
} finally {
  await Deno.remove(work, { recursive: true });
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const { success } = await new Deno.Command(program, { args: [...args], cwd: work, stdin: "null" }).spawn()
    .status;
  if (!success) throw new Error(`${program} ${args.join(" ")} failed`);
}
