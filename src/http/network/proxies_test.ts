import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { proxyChooser } from "./proxies.ts";

const PROXY = "http://proxy.corp:3128/";

/** The rules of `useProxy` in Go's httpproxy package. */
const EXCEPTIONS: readonly (readonly [no: string, url: string, route: "proxy" | "direct"])[] = [
  ["", "https://registry.example/", "proxy"],
  ["", "https://localhost:5000/", "direct"],
  ["", "http://127.0.0.1:5000/", "direct"],
  ["", "http://127.9.9.9/", "direct"],
  ["", "http://[::1]:5000/", "direct"],
  ["", "http://[::ffff:127.0.0.1]/", "direct"],
  ["", "https://sub.localhost/", "proxy"],
  ["", "http://10.1.2.3/", "proxy"],
  ["*", "https://registry.example/", "direct"],
  ["other.example, *", "https://registry.example/", "direct"],
  ["example", "https://registry.example/", "direct"],
  ["registry.example", "https://registry.example/", "direct"],
  ["REGISTRY.Example", "https://registry.example/", "direct"],
  ["registry.example", "https://a.registry.example/", "direct"],
  ["registry.example", "https://notregistry.example/", "proxy"],
  [".example", "https://registry.example/", "direct"],
  [".registry.example", "https://registry.example/", "proxy"],
  [".registry.example", "https://a.registry.example/", "direct"],
  ["*.registry.example", "https://registry.example/", "proxy"],
  ["*.registry.example", "https://a.registry.example/", "direct"],
  ["registry.example:443", "https://registry.example/", "direct"],
  ["registry.example:5000", "https://registry.example/", "proxy"],
  ["registry.example:5000", "https://registry.example:5000/", "direct"],
  ["registry.example:80", "http://registry.example/", "direct"],
  [" a.example ,, registry.example ", "https://registry.example/", "direct"],
  ["10.0.0.0/8", "http://10.1.2.3/", "direct"],
  ["10.0.0.0/8", "http://11.1.2.3/", "proxy"],
  ["10.1.2.0/23", "http://10.1.3.255/", "direct"],
  ["10.1.2.0/23", "http://10.1.4.0/", "proxy"],
  ["0.0.0.0/0", "http://8.8.8.8/", "direct"],
  ["10.1.2.3", "http://10.1.2.3:5000/", "direct"],
  ["10.1.2.3:5000", "http://10.1.2.3:5000/", "direct"],
  ["10.1.2.3:5001", "http://10.1.2.3:5000/", "proxy"],
  ["10.1.2.3", "http://10.1.2.30/", "proxy"],
  ["fd00::/8", "https://[fd12::1]/", "direct"],
  ["fd00::/8", "https://[fe12::1]/", "proxy"],
  ["[fd12::1]:5000", "https://[fd12::1]:5000/", "direct"],
  ["fd12::1", "https://[fd12:0:0::1]/", "direct"],
  ["10.0.0.0/8", "https://registry.example/", "proxy"],
  [":5000", "https://registry.example:5000/", "proxy"],
  ["10.0.0.0/33", "http://10.1.2.3/", "proxy"],
];

Deno.test("NO_PROXY follows the rules of Go", async (t) => {
  for (const [no, url, route] of EXCEPTIONS) {
    await t.step(`"${no}" ${url}`, () => {
      const choose = proxyChooser({ https: PROXY, http: PROXY, no });
      assertEquals(choose(new URL(url))?.url.href, route === "proxy" ? PROXY : undefined);
    });
  }
});

Deno.test("The scheme of the request selects the proxy", () => {
  const choose = proxyChooser({ https: "https://tls-proxy.corp", http: "proxy.corp:3128" });
  assertEquals(choose(new URL("https://a.example"))?.url.href, "https://tls-proxy.corp/");
  assertEquals(choose(new URL("http://a.example"))?.url.href, PROXY);
  assertEquals(proxyChooser({ https: PROXY })(new URL("http://a.example")), undefined);
  assertEquals(proxyChooser({})(new URL("https://a.example")), undefined);
  assertEquals(proxyChooser({ https: " ", http: "" })(new URL("https://a.example")), undefined);
});

Deno.test("Credentials of a proxy are removed from its URL and decoded", () => {
  const choice = proxyChooser({ http: "http://us%40er:p%3Ass@proxy.corp:3128" })(new URL("http://a.example"));
  assertEquals(choice?.url.href, PROXY);
  assertEquals(choice?.basicAuth, { username: "us@er", password: "p:ss" });
});

Deno.test("The error for an invalid proxy doesn't contain its password", () => {
  for (const text of ["ftp://u:pw@proxy.corp", "http://u:pw@", "http://u:pw@a b"]) {
    const error = assertThrows(() => proxyChooser({ https: text }));
    assert(isCode(error, "invalid_argument"));
    assert(error instanceof Error && !error.message.includes("pw"), String(error));
  }
});
