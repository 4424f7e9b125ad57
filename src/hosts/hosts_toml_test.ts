import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { seededRandom } from "../../tests/random.ts";
import { parseHostsFile } from "./hosts_toml.ts";

const PATH = "/etc/certs.d/docker.io/hosts.toml";

Deno.test("parseHostsFile() parses the examples of containerd's documentation", async () => {
  const { server, mirrors } = await parseHostsFile(
    `
server = "https://registry-1.docker.io"

[host."https://mirror.example"]
  capabilities = ["pull"]
  ca = "ca.crt"
  client = [["/c/client.cert", "/c/client.key"]]
  [host."https://mirror.example".header]
    x-one = "1"
    X-Many = ["a", "b"]

[host."http://second.example:5000/proxy"]
  capabilities = ["pull", "resolve", "push"]
  ca = ["/a.crt", "b.crt"]
  client = "both.pem"
  skip_verify = true
  dial_timeout = "3s"

[host."https://third.example/root/"]
  override_path = true

[host."https://push-only.example"]
  capabilities = ["push"]
`,
    PATH,
  );
  assertEquals(server?.base.href, "https://registry-1.docker.io/v2/");
  assertEquals([...server?.capabilities ?? []], ["pull", "resolve"]);
  const [first, second, third, ...more] = mirrors;
  assertEquals(more, []);
  assertEquals(first, {
    base: new URL("https://mirror.example/v2/"),
    hasScheme: true,
    capabilities: new Set(["pull"] as const),
    headers: { "x-one": "1", "x-many": "a, b" },
    ca: ["/etc/certs.d/docker.io/ca.crt"],
    client: { cert: "/c/client.cert", key: "/c/client.key" },
  });
  assertEquals(second?.base.href, "http://second.example:5000/proxy/v2/");
  assertEquals(second?.ca, ["/a.crt", "/etc/certs.d/docker.io/b.crt"]);
  const both = "/etc/certs.d/docker.io/both.pem";
  assertEquals(second?.client, { cert: both, key: both });
  assertEquals(third?.base.href, "https://third.example/root/");
});

Deno.test("The path of the API is appended to host URLs, once", async (t) => {
  const cases = [
    ["https://a.example", "https://a.example/v2/"],
    ["https://a.example/", "https://a.example/v2/"],
    ["https://a.example/v2", "https://a.example/v2/"],
    ["https://a.example/v2/", "https://a.example/v2/"],
    ["https://a.example/x", "https://a.example/x/v2/"],
    ["a.example:5000", "https://a.example:5000/v2/"],
    ["localhost:5000", "http://localhost:5000/v2/"],
    ["https://localhost:5000", "https://localhost:5000/v2/"],
  ] as const;
  for (const [server, want] of cases) {
    await t.step(server, async () => {
      assertEquals((await parseHostsFile(`server = "${server}"`, PATH)).server?.base.href, want);
    });
  }
});

const HOST = '[host."https://m.example"]\n';
const BAD: readonly (readonly [text: string, message: string])[] = [
  ["server = ", "not valid TOML"],
  ['server = "a"\nserver = "b"', "not valid TOML"],
  ["server = 5", '"server" must be a string'],
  ['server = "ftp://a"', "must be an http or https URL"],
  ['server = "https://u:s3cret@a.example"', "must not have a user"],
  ['server = "https://["', "not a URL"],
  ['sever = "https://a.example"', 'unknown key "sever"'],
  ['server = "https://a.example"\nmirror = "x"', 'unknown key "mirror"'],
  ["skip_verify = true", '"skip_verify" requires "server"'],
  ['host = "https://m.example"', '"host" must be a table'],
  [`${HOST}capability = ["pull"]`, 'unknown key "host."https://m.example".capability"'],
  // A common mistake: a top-level key after a table header.
  [`${HOST}server = "https://a.example"`, "unknown key"],
  [`${HOST}capabilities = ["pul"]`, 'unknown capability "pul"'],
  [`${HOST}capabilities = [1]`, "must be a string"],
  [`${HOST}capabilities = true`, "must be a string or a list"],
  [`${HOST}skip_verify = "no"`, "must be true or false"],
  [`${HOST}skip_verify = true`, "is not supported"],
  [`${HOST}override_path = 1`, "must be true or false"],
  [`${HOST}ca = 1`, "must be a string or a list"],
  [`${HOST}client = [["a", "b", "c"]]`, "must name a certificate and a key"],
  [`${HOST}client = ["a", "b"]`, "has 2 entries; keep one"],
  [`${HOST}header = "x"`, "must be a table"],
  [`${HOST}header = { "bad name" = "x" }`, "is not a valid header"],
  [`${HOST}header = { x = "a\\nb" }`, "is not a valid header"],
  [`${HOST}header = { x = "a\\u0001b" }`, '.header.x" is not a valid header'],
  [`${HOST}header = { x = ["a", "\\u007f"] }`, '.header.x" is not a valid header'],
  [`${HOST}header = { x = "\\u20ac" }`, '.header.x" is not a valid header'],
  [`${HOST}header = { x = 1 }`, "must be a string"],
];

Deno.test("A mistake in hosts.toml is an error that names the file, not an ignored mirror", async (t) => {
  for (const [text, message] of BAD) {
    await t.step(text, async () => {
      const error = await assertRejects(() => parseHostsFile(text, PATH));
      assert(error instanceof AppError && ["invalid_content", "unsupported"].includes(error.code));
      assertStringIncludes(error.message, `"${PATH}"`);
      assertStringIncludes(error.message, message);
      assert(!error.message.includes("s3cret"));
    });
  }
});

Deno.test("parseHostsFile() accepts an empty file and an empty server", async () => {
  assertEquals(await parseHostsFile("", PATH), { mirrors: [] });
  assertEquals((await parseHostsFile('server = ""', PATH)).server, undefined);
});

const COMPLETE = `server = "https://a.example"
[host."https://m.example"]
capabilities = ["pull"]
ca = ["a.crt"]
client = [["c", "k"]]
skip_verify = false
override_path = true
[host."https://m.example".header]
x = ["1", "2"]
`;

Deno.test("parseHostsFile() parses or rejects 3,000 randomly damaged files with an AppError", async () => {
  const random = seededRandom();
  const pieces = [
    '"',
    "[",
    "]",
    "=",
    "\n",
    "{",
    "}",
    ",",
    "true",
    "1",
    "'",
    "\u0000",
    "[host]",
    "x = 1\n",
    "\\u",
    "#",
  ];
  for (let run = 0; run < 3_000; run++) {
    let text = COMPLETE;
    for (let edits = 1 + random(3); edits > 0; edits--) {
      const at = random(text.length);
      text = text.slice(0, at) + pieces[random(pieces.length)] + text.slice(at + random(4));
    }
    try {
      const { mirrors } = await parseHostsFile(text, PATH);
      for (const { base } of mirrors) assert(base.pathname.endsWith("/"), text);
    } catch (error) {
      assert(
        error instanceof AppError && ["invalid_content", "unsupported"].includes(error.code),
        `${text}: ${error}`,
      );
    }
  }
});

Deno.test("No error of a hosts.toml quotes a secret of the file", async (t) => {
  const texts = [
    `${HOST}header = { authorization = "Basic s3cret }`,
    `${HOST}header = { authorization = "Basic s3cret\\nx" }`,
    `${HOST}header = { authorization = "Basic s3cret\\u001bx" }`,
    '[host."https://u:s3cret@m.example"]',
    '[host."https://m.example/?key=s3cret"]',
    '[host."https://u:s3cret@["]',
    '[host."u:s3cret@m.example"]\nskip = 1',
    'server = "https://u:s3cret@["',
  ];
  for (const text of texts) {
    await t.step(text, async () => {
      const error = await assertRejects(() => parseHostsFile(text, PATH));
      assert(error instanceof AppError && error.code === "invalid_content");
      assert(!Deno.inspect(error).includes("s3cret"), Deno.inspect(error));
    });
  }
  const error = await assertRejects(() => parseHostsFile("a = 1\nb=c", PATH));
  assert(error instanceof AppError);
  assertEquals([error.message, error.cause], [
    `Cannot use "${PATH}": not valid TOML at line 2, column 3`,
    undefined,
  ]);
});

Deno.test("A header may contain a tab and end with a line end", async () => {
  const { mirrors } = await parseHostsFile(`${HOST}header = { x = "a\\tb\\n" }`, PATH);
  assertEquals(new Headers(mirrors[0]?.headers).get("x"), "a\tb");
});
