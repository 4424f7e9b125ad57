import { assertEquals } from "../../tests/assert.ts";
import { dockerKeyOf, keysOf, matchKeys } from "./keys.ts";

const MATCHES: [what: string, name: string, keys: string[], want: string[]][] = [
  ["the exact registry", "ghcr.io/a/b", ["quay.io", "ghcr.io"], ["ghcr.io"]],
  ["the port is part of the registry", "h:5000/a", ["h", "h:5001", "h:5000"], ["h:5000"]],
  ["an IPv6 registry", "[::1]:5000/a", ["[::1]:5000", "http://[::1]:5000/v1/"], [
    "[::1]:5000",
    "http://[::1]:5000/v1/",
  ]],
  ["addresses, whose path is ignored", "h.io/a", ["https://h.io/v1/", "http://h.io", "https://h.io/x"], [
    "https://h.io/v1/",
    "http://h.io",
    "https://h.io/x",
  ]],
  ["an API root without a scheme", "h.io/a", ["h.io/v1/", "h.io/v2/"], ["h.io/v1/", "h.io/v2/"]],
  ["a namespace called v1", "h.io/v1/a", ["h.io", "h.io/v1"], ["h.io/v1", "h.io"]],
  ["a slash at the end", "h.io/ns/a", ["h.io/", "h.io/ns/"], ["h.io/ns/", "h.io/"]],
  ["the most specific path first, in any order", "h.io/ns/team/app", [
    "h.io",
    "h.io/ns/team/app",
    "h.io/ns",
    "h.io/ns/team",
  ], ["h.io/ns/team/app", "h.io/ns/team", "h.io/ns", "h.io"]],
  ["not another namespace", "h.io/ns/app", ["h.io/other", "h.io/ns/app2", "h.io/ns/ap", "h.io/ns/app/x"], []],
  ["not a part of a host name", "h.io/a", ["xh.io", "h.io.evil", "h.iox", "io"], []],
  ["case-insensitive hosts", "H.io/a", ["h.IO"], ["h.IO"]],
  ["case-sensitive paths", "h.io/a", ["h.io/A"], []],
  ["the bare registry before its addresses", "h.io/a", ["https://h.io", "h.io"], ["h.io", "https://h.io"]],
  ["all names of Docker Hub, its own key first", "docker.io/library/nginx", [
    "registry-1.docker.io",
    "docker.io",
    "https://index.docker.io/v1/",
    "index.docker.io",
  ], ["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io", "index.docker.io"]],
  ["a namespace of Docker Hub", "docker.io/library/nginx", ["docker.io", "docker.io/library"], [
    "docker.io/library",
    "docker.io",
  ]],
  ["not the tokens of docker's browser login", "docker.io/library/nginx", [
    "https://index.docker.io/v1/access-token",
    "https://index.docker.io/v1/refresh-token",
  ], []],
  ["not malformed keys", "h.io/a", ["", "/", "https://", "//h.io"], []],
];

Deno.test("matchKeys() finds the keys that apply to a repository", async (t) => {
  for (const [what, name, keys, want] of MATCHES) {
    await t.step(what, () => {
      const slash = name.indexOf("/");
      const matches = matchKeys(keys, name.slice(0, slash), name.slice(slash + 1));
      assertEquals(matches.map((match) => match.key), want);
    });
  }
});

Deno.test("keysOf() finds the keys of exactly one registry or namespace", () => {
  const keys = ["h.io/ns", "h.io", "https://h.io/v1/", "x.io", "h.io/ns/a", "docker.io/ann"];
  assertEquals(keysOf(keys, "h.io"), ["h.io", "https://h.io/v1/"]);
  assertEquals(keysOf(keys, "h.io/ns"), ["h.io/ns"]);
  assertEquals(keysOf(keys, "h.io/n"), []);
  assertEquals(keysOf(keys, "docker.io/ann"), ["docker.io/ann"]);
});

Deno.test("dockerKeyOf() returns docker's key for Docker Hub, and other registries unchanged", () => {
  assertEquals(dockerKeyOf("docker.io"), "https://index.docker.io/v1/");
  assertEquals(dockerKeyOf("localhost:5000"), "localhost:5000");
});
