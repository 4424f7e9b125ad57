import { assertEquals } from "../../tests/assert.ts";
import { redactName, redactUrl } from "./redact.ts";

Deno.test("redactUrl() keeps only scheme, host, port and path", async (t) => {
  const cases = [
    ["https://a.test:8443/v2/x?sig=secret&n=1#secret", "https://a.test:8443/v2/x"],
    ["https://a.test/x?secret", "https://a.test/x"],
    ["https://user:secret@a.test/x", "https://a.test/x"],
    ["https://a.test/login;jsessionid=secret", "https://a.test/login"],
    ["https://a.test/a;v=secret/b;secret?secret", "https://a.test/a/b"],
    ["https://a.test/a%3Bjsessionid=secret", "https://a.test/a"],
    ["https://a.test/", "https://a.test/"],
    ["secret", "(not a URL)"],
  ] as const;
  for (const [url, want] of cases) await t.step(url, () => assertEquals(redactUrl(url), want));
});

Deno.test("redactName() hides the password before a host, and keeps every valid name", async (t) => {
  const sha = `sha256:${"a".repeat(64)}`;
  const cases: readonly (readonly [name: string, want: string])[] = [
    ["user:pa55@h.io/x", "user:REDACTED@h.io/x"],
    ["https://user:p/a@5@h.io:5000/x:1", "https://user:REDACTED@h.io:5000/x:1"],
    ["user:pa55@h.io:5000", "user:REDACTED@h.io:5000"],
    [":pa55@h.io", ":REDACTED@h.io"],
    ["user:pa55@h.io/x@sha256:1", "user:REDACTED@h.io/x@sha256:1"],
    ["h.io:5000/x:1", "h.io:5000/x:1"],
    [`h.io:5000/x:1@${sha}`, `h.io:5000/x:1@${sha}`],
    ["x:1@sha256:short", "x:1@sha256:short"],
    [`x:1@md5:${"a".repeat(32)}`, `x:1@md5:${"a".repeat(32)}`],
    ["user@h.io/x", "user@h.io/x"],
  ];
  for (const [name, want] of cases) await t.step(name, () => assertEquals(redactName(name), want));
});
