import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { AppError } from "../base/errors.ts";
import { type Digest, digestOf } from "./digest.ts";
import { chainIdsOf, isArtifactConfig, parseImageConfig } from "./image_config.ts";

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const diffId = (digit: string) => `sha256:${digit.repeat(64)}` as Digest;

Deno.test("chainIdsOf() hashes each layer together with its lower layers", async () => {
  const [a, b, c] = [diffId("a"), diffId("b"), diffId("c")];
  const second = await digestOf(new TextEncoder().encode(`${a} ${b}`));
  const third = await digestOf(new TextEncoder().encode(`${second} ${c}`));
  assertEquals(await chainIdsOf([a, b, c]), [a, second, third]);
  assertEquals(await chainIdsOf([]), []);
});

Deno.test("parseImageConfig() reads configs of Docker and buildkit, including nulls", () => {
  const config = parseImageConfig(
    bytesOf({
      architecture: "arm64",
      variant: "v8",
      os: "linux",
      config: {
        User: "1000:1000",
        Env: null,
        Cmd: "sh",
        Entrypoint: ["a", "b"],
        Labels: { a: "b" },
        ExposedPorts: { "80/tcp": {} },
      },
      rootfs: { type: "layers", diff_ids: [diffId("a")] },
    }),
    "it",
  );
  assertEquals(config.platform, { os: "linux", architecture: "arm64", variant: "v8" });
  assertEquals(config.config, {
    User: "1000:1000",
    Entrypoint: ["a", "b"],
    Cmd: ["sh"],
    Labels: { a: "b" },
    ExposedPorts: { "80/tcp": {} },
  });
  assertEquals(config.diffIds, [diffId("a")]);
});

Deno.test("parseImageConfig() accepts a config without a platform", async (t) => {
  const cases = [
    [{}, undefined],
    [{ os: "linux" }, undefined],
    [{ os: "", architecture: "" }, undefined],
    [{ os: null, architecture: null }, undefined],
    [{ architecture: "arm64" }, { os: "linux", architecture: "arm64" }],
    [{ os: "", architecture: "arm64" }, { os: "linux", architecture: "arm64" }],
  ] as const;
  for (const [fields, want] of cases) {
    await t.step(JSON.stringify(fields), () => {
      const config = parseImageConfig(bytesOf({ ...fields, rootfs: { diff_ids: [diffId("a")] } }), "it");
      assertEquals(config.platform, want);
      assertEquals(config.diffIds, [diffId("a")]);
    });
  }
});

Deno.test("isArtifactConfig() tells the config of an artifact from that of an image", async (t) => {
  const image = { os: "linux", architecture: "amd64", rootfs: { type: "layers", diff_ids: [diffId("a")] } };
  const cases: readonly (readonly [name: string, bytes: Uint8Array, layers: number, want: boolean])[] = [
    ["an image", bytesOf(image), 1, false],
    ["an image with another number of layers", bytesOf(image), 2, false],
    ["an image without layers", bytesOf({ ...image, rootfs: { type: "layers" } }), 0, false],
    ["diff ids of a wrong type", bytesOf({ ...image, rootfs: { diff_ids: "a" } }), 1, false],
    ["nothing", new Uint8Array(), 1, true],
    ["{}", bytesOf({}), 1, true],
    ["{} without layers", bytesOf({}), 0, true],
    ["other fields", bytesOf({ name: "chart" }), 1, true],
    ["null for the layers", bytesOf({ rootfs: null }), 1, true],
    ["a list", bytesOf([]), 1, true],
    ["text", new TextEncoder().encode("hello"), 1, true],
  ];
  for (const [name, bytes, layers, want] of cases) {
    await t.step(name, () => assertEquals(isArtifactConfig(bytes, layers), want));
  }
});

Deno.test("parseImageConfig() reports the location of an invalid field", async (t) => {
  const good = { architecture: "amd64", os: "linux", rootfs: { diff_ids: [] } };
  const cases: readonly (readonly [document: unknown, why: string])[] = [
    [{ ...good, os: 1 }, "it.os"],
    [{ ...good, architecture: {} }, "it.architecture"],
    [{ ...good, rootfs: { diff_ids: ["x"] } }, "it, rootfs.diff_ids[0]"],
    [{ ...good, config: { Env: [1] } }, "it, config.Env[0]"],
    [[], "an object"],
  ];
  for (const [document, why] of cases) {
    await t.step(why, () => {
      assertThrows(() => parseImageConfig(bytesOf(document), "it"), AppError, why);
    });
  }
});
