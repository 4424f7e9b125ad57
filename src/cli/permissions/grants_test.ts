import { assertEquals } from "../../../tests/assert.ts";
import { flagsOf, joinGrants, permissionSetOf, shellWords } from "./grants.ts";

Deno.test("joinGrants() merges scopes; everything includes any list", () => {
  const { read, net, env } = joinGrants({ read: ["/b", "/a"], net: ["h:1"] }, {
    read: ["/a", "/c"],
    net: "all",
  });
  assertEquals([read, net, env], [["/a", "/b", "/c"], "all", []]);
});

Deno.test("flagsOf() names only granted permissions", () => {
  const grants = joinGrants({ read: ["/a,b", "/c"], ffi: "all", net: ["h.io:443"] });
  assertEquals(flagsOf(grants), [
    "--no-prompt",
    "--allow-read=/a,,b,/c",
    "--allow-net=h.io:443",
    "--allow-ffi",
  ]);
  assertEquals(flagsOf(joinGrants()), ["--no-prompt"]);
});

Deno.test("permissionSetOf() omits kinds that aren't granted", () => {
  assertEquals(permissionSetOf(joinGrants({ read: ["/a"], write: "all" })), { read: ["/a"], write: true });
});

Deno.test("shellWords() quotes words that a shell would split", () => {
  assertEquals(
    shellWords(["--allow-read=/a b", "--allow-env=A", "it's"]),
    `'--allow-read=/a b' --allow-env=A 'it'\\''s'`,
  );
});

Deno.test("shellWords() escapes control and invisible characters, so that bash reads the same word", async () => {
  const words = ["/a\x1b[2Jb", "/a\u009b'\\b", "/a\u202eb\u{e0041}", "/日 本"];
  const text = shellWords(words);
  assertEquals(text.replace(/[\x20-\x7e日本]/g, ""), "");
  const { stdout } = await new Deno.Command("bash", {
    args: ["-c", `printf '%s\\0' ${text}`],
    env: { LC_ALL: "C.UTF-8" },
  }).output();
  assertEquals(new TextDecoder().decode(stdout).split("\0").slice(0, -1), words);
});
