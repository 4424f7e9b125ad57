import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { AppError } from "../base/errors.ts";
import { formatPlatform, parsePlatform, platformOfBuild, platformRanking, samePlatform } from "./platform.ts";

Deno.test("platformRanking() has the order of containerd", async (t) => {
  const cases: readonly (readonly [want: string, ranking: string])[] = [
    ["linux/amd64", "linux/amd64 linux/386"],
    ["linux/amd64/v3", "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386"],
    ["linux/arm64", "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5"],
    ["linux/arm64/v8", "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5"],
    [
      "linux/arm64/v8.1",
      "linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5",
    ],
    ["linux/arm/v7", "linux/arm/v7 linux/arm/v6 linux/arm/v5"],
    ["linux/arm", "linux/arm/v7 linux/arm/v6 linux/arm/v5"],
    ["linux/arm/v6", "linux/arm/v6 linux/arm/v5"],
    ["linux/s390x", "linux/s390x"],
    ["windows/amd64", "windows/amd64 windows/386"],
  ];
  for (const [want, ranking] of cases) {
    await t.step(want, () => {
      assertEquals(platformRanking(parsePlatform(want)).map(formatPlatform).join(" "), ranking);
    });
  }
  await t.step("arm64 v9 includes v8.5 and below", () => {
    const names = platformRanking(parsePlatform("linux/arm64/v9")).map(formatPlatform);
    assertEquals(names.slice(0, 3), ["linux/arm64/v9", "linux/arm64/v8.5", "linux/arm64/v8.4"]);
  });
});

Deno.test("samePlatform() normalises aliases", async (t) => {
  const cases: readonly (readonly [a: string, b: string, same: boolean])[] = [
    ["linux/x86_64", "linux/amd64", true],
    ["linux/amd64/v1", "linux/amd64", true],
    ["linux/aarch64", "linux/arm64/v8", true],
    ["Linux/ARM64", "linux/arm64", true],
    ["linux/arm/7", "linux/arm/v7", true],
    ["macos/arm64", "darwin/arm64", true],
    ["linux/arm/v6", "linux/arm/v7", false],
    ["linux/amd64", "linux/arm64", false],
  ];
  for (const [a, b, same] of cases) {
    await t.step(`${a} and ${b}`, () => assertEquals(samePlatform(parsePlatform(a), parsePlatform(b)), same));
  }
});

Deno.test("parsePlatform() rejects invalid platforms", async (t) => {
  for (const text of ["", "linux", "linux/", "/amd64", "a/b/c/d", "linux/amd 64"]) {
    await t.step(`"${text}"`, () => {
      assertThrows(() => parsePlatform(text), AppError, "OS/ARCHITECTURE");
    });
  }
});

Deno.test("platformOfBuild() selects Linux images on macOS", () => {
  assertEquals(formatPlatform(platformOfBuild({ os: "darwin", arch: "aarch64" })), "linux/arm64");
  assertEquals(formatPlatform(platformOfBuild({ os: "linux", arch: "x86_64" })), "linux/amd64");
});
