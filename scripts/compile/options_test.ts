import { assertEquals, assertThrows } from "../../tests/assert.ts";
import { bakedGrants, compileFlags, parseOptions } from "./options.ts";

Deno.test("parseOptions() reads targets, a store, hosts and helpers", () => {
  assertEquals(parseOptions([]), { targets: [], hosts: [], helpers: [] });
  const args = [
    "--target",
    "aarch64-apple-darwin",
    "--store=/s",
    "--hosts=a,b:1",
    "--home",
    "/h",
    "--helpers",
    "pass",
  ];
  assertEquals(parseOptions(args), {
    targets: ["aarch64-apple-darwin"],
    store: "/s",
    hosts: ["a", "b:1"],
    home: "/h",
    helpers: ["pass"],
  });
  assertEquals(parseOptions(["--all-targets"]).targets.length, 5);
});

Deno.test("parseOptions() rejects unknown options and targets, and --output for several targets", () => {
  for (const args of [["--stroe=/s"], ["main.ts"], ["--target=vax"], ["--all-targets", "--output=x"]]) {
    assertThrows(() => parseOptions(args), Error);
  }
});

Deno.test("a compiled program never asks on a terminal for a permission that it has dropped", () => {
  for (const args of [[], ["--store=/s", "--hosts=h.io"]]) {
    assertEquals(compileFlags(parseOptions(args)).flags.includes("--no-prompt"), true);
  }
});

Deno.test("bakedGrants() with a store grants one path to write, no programs, no FFI and no home", () => {
  const { read, write, net, run, ffi, env } = bakedGrants(parseOptions(["--store=/s", "--hosts=h.io"]));
  assertEquals([write, net, run, ffi], [["/s"], ["h.io"], [], []]);
  assertEquals(read !== "all" && read.includes("/s") && !read.some((path) => path.startsWith("/root")), true);
  assertEquals(env !== "all" && !env.includes("HOME"), true);
  assertEquals(compileFlags(parseOptions(["--store=/s"])).words, ["--store", "/s"]);
});

Deno.test("bakedGrants() with a home grants its credential files and helpers", () => {
  const { read, run } = bakedGrants(parseOptions(["--store=/s", "--home=/home/ann", "--helpers=pass"]));
  assertEquals(read !== "all" && read.includes("/home/ann/.docker/config.json"), true);
  assertEquals(run, ["/usr/bin/docker-credential-pass", "/usr/local/bin/docker-credential-pass"]);
});
