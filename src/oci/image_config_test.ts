import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { AppError } from "../base/errors.ts";
import { type Digest, digestOf } from "./digest.ts";
import { chainIdsOf, parseImageConfig } from "./image_config.ts";

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
      config: { User: "1000:1000", Env: null, Labels: { a: "b" }, ExposedPorts: { "80/tcp": {} } },
      rootfs: { type: "layers", diff_ids: [diffId("a")] },
    }),
    "it",
  );
  assertEquals(config.platform, { os: "linux", architecture: "arm64", variant: "v8" });
  assertEquals(config.config, { User: "1000:1000", Labels: { a: "b" }, ExposedPorts: { "80/tcp": {} } });
  assertEquals(config.diffIds, [diffId("a")]);
});

Deno.test("parseImageConfig() reports the location of an invalid field", async (t) => {
  const good = { architecture: "amd64", os: "linux", rootfs: { diff_ids: [] } };
  const cases: readonly (readonly [document: unknown, why: string])[] = [
    [{ ...good, os: 1 }, "it.os"],
    [{ os: "linux" }, "it.architecture"],
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
