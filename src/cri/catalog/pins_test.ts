import { assertEquals, assertThrows } from "../../../tests/assert.ts";
import { isCode } from "../../base/errors.ts";
import { parsePins } from "./pins.ts";

Deno.test("a pattern is an exact name or a prefix of names", async (t) => {
  const cases: readonly [pattern: string, name: string, pinned: boolean][] = [
    ["registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10", true],
    ["registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.1", false],
    ["registry.k8s.io/pause:3.1", "registry.k8s.io/pause:3.10", false],
    ["pause", "docker.io/library/pause:latest", true],
    ["docker:ruilkyu/nginx:latest", "docker.io/ruilkyu/nginx:latest", true],
    ["registry.k8s.io/*", "registry.k8s.io/pause:3.10", true],
    ["registry.k8s.io/*", "mirror.example/registry.k8s.io/pause:3.10", false],
    ["nginx*", "docker.io/library/nginx:1", true],
    ["ruilkyu/*", "docker.io/ruilkyu/nginx:latest", true],
    ["*", "a.example/b:c", true],
  ];
  for (const [pattern, name, pinned] of cases) {
    await t.step(`${pattern} and ${name}`, () => assertEquals(parsePins(["x/y", pattern])(name), pinned));
  }
});

Deno.test("invalid patterns are refused", async (t) => {
  for (const pattern of ["", "a*b*", "https://a/b", "a b"]) {
    await t.step(`"${pattern}"`, () => {
      const error = assertThrows(() => parsePins([pattern]));
      assertEquals(isCode(error, "invalid_argument"), true);
    });
  }
});
