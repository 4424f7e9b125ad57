import { assertEquals } from "../../tests/assert.ts";
import { redactUrl } from "./redact.ts";

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
