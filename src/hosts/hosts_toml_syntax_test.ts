import { AppError } from "../base/errors.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { parseHostsFile } from "./hosts_toml.ts";

const PATH = "/etc/certs.d/reg.example/hosts.toml";
const SERVER = 'server = "https://a.example"\n';
const HOST = '[host."https://m.example"]\n';

/** The string that each TOML value must produce; `ca` accepts any absolute path. */
const STRINGS: readonly (readonly [toml: string, want: string])[] = [
  ['"/plain # no comment"', "/plain # no comment"],
  [String.raw`"/\t\b\f\"\\\u00e9\U0001F600"`, '/\t\b\f"\\é😀'],
  [String.raw`'/a\b"c'`, '/a\\b"c'],
  ['"""/a"""', "/a"],
  ['"""\n/a\nb"""', "/a\nb"],
  ['"""/a\\\n   \n  b"""', "/ab"],
  ['"""/a""b"""', '/a""b'],
  ['"""/a"""""', '/a""'],
  [String.raw`'''/a\'b'''`, "/a\\'b"],
  ["'''\n/a\n'''", "/a\n"],
  ["'''/a'''''", "/a''"],
  ['"/a" # comment', "/a"],
  ['[ "/a" ]', "/a"],
  ['[ # one\n  "/a", # two\n]', "/a"],
];

Deno.test("parseHostsFile() reads every form of a TOML string", async (t) => {
  for (const [toml, want] of STRINGS) {
    await t.step(toml, async () => {
      assertEquals((await parseHostsFile(`${SERVER}ca = ${toml}`, PATH)).server?.ca, [want]);
    });
  }
});

/** Valid files, with the host that each one describes: address, capabilities, value of the header `x`. */
const FILES: readonly (readonly [name: string, toml: string, want: string])[] = [
  ["table header", `${HOST}header = { x = "1" }`, "https://m.example/v2/ pull,resolve 1"],
  ["literal table header", "[host.'https://m.example']\n", "https://m.example/v2/ pull,resolve "],
  [
    "a port in the table header",
    '[host."https://m.example:5000"]',
    "https://m.example:5000/v2/ pull,resolve ",
  ],
  [
    "spaces in the table header",
    '[ host . "https://m.example" ] # x\n',
    "https://m.example/v2/ pull,resolve ",
  ],
  [
    "indented tables",
    `  ${HOST}\t[host."https://m.example".header]\n\tx="1"`,
    "https://m.example/v2/ pull,resolve 1",
  ],
  ["dotted keys", 'host."https://m.example".capabilities = ["pull"]', "https://m.example/v2/ pull "],
  ["dotted keys with spaces", `${HOST}header . x = "1"`, "https://m.example/v2/ pull,resolve 1"],
  ["quoted keys", `${HOST}"capabilities" = ["pull"]\n'header'."x" = "1"`, "https://m.example/v2/ pull 1"],
  [
    "nested inline tables",
    'host = { "https://m.example" = { capabilities = ["pull"], header = { x = "1" } } }',
    "https://m.example/v2/ pull 1",
  ],
  [
    "dotted keys in an inline table",
    'host = { "https://m.example".header.x = "1" }',
    "https://m.example/v2/ pull,resolve 1",
  ],
  ["empty inline table", 'host."https://m.example" = {}', "https://m.example/v2/ pull,resolve "],
  [
    "a list over several lines",
    `${HOST}capabilities = [\n  "pull", # first\n\n]\n`,
    "https://m.example/v2/ pull ",
  ],
  [
    "a table after its subtable",
    `[host."https://m.example".header]\nx = "1"\n${HOST}capabilities = ["pull"]`,
    "https://m.example/v2/ pull 1",
  ],
  [
    "a dotted key after a subtable",
    `${HOST}header.x = "1"\ncapabilities = ["pull"]`,
    "https://m.example/v2/ pull 1",
  ],
  [
    "CRLF",
    `${HOST}capabilities = ["pull"]\n[host."https://m.example".header]\nx = "1"\n`.replaceAll("\n", "\r\n"),
    "https://m.example/v2/ pull 1",
  ],
  ["a byte order mark", `\ufeff${HOST}`, "https://m.example/v2/ pull,resolve "],
  ["booleans", `${HOST}override_path = true\nskip_verify = false`, "https://m.example/ pull,resolve "],
  ["non-ASCII comment", `# é\t😀\n${HOST}`, "https://m.example/v2/ pull,resolve "],
];

Deno.test("parseHostsFile() reads every form of TOML tables and keys", async (t) => {
  for (const [name, toml, want] of FILES) {
    await t.step(name, async () => {
      const { mirrors } = await parseHostsFile(toml, PATH);
      const short = mirrors.map(({ base, capabilities, headers }) =>
        `${base.href} ${[...capabilities]} ${headers.x ?? ""}`
      );
      assertEquals(short, [want]);
    });
  }
});

/** Valid TOML of a type that hosts.toml doesn't use: the message must be about the type. */
const OTHER_TYPES = [
  ...["1", "+99", "-0", "1_000", "0x1F", "0o17", "0b101"],
  ...["3.14", "-0.5", "6.02e23", "1e-3", "1_0.0_1", "inf", "-inf", "nan"],
  ...["1979-05-27T07:32:00Z", "1979-05-27 07:32:00-08:00", "1979-05-27T07:32:00.999999"],
  ...["1979-05-27", "07:32:00", "2024-02-29", "{}", "{ a = 1 }"],
];

Deno.test("parseHostsFile() names the key whose value has another TOML type", async (t) => {
  for (const value of OTHER_TYPES) {
    await t.step(value, async () => {
      const error = await assertRejects(() => parseHostsFile(`${SERVER}ca = ${value}`, PATH));
      assert(error instanceof AppError);
      assertStringIncludes(error.message, '"ca" must be');
    });
  }
  for (const toml of ["[[host]]", '[[host."https://m.example"]]', "host = []", "host = 1979-05-27"]) {
    await t.step(toml, async () => {
      const error = await assertRejects(() => parseHostsFile(toml, PATH));
      assert(error instanceof AppError);
      assertStringIncludes(error.message, "must be a table");
    });
  }
});

const INVALID = [
  ...['ca = "/a"\nca = "/b"', 'ca = "/a"\n"ca" = "/b"', `${HOST}${HOST}`],
  ...[`${HOST}header.x = "1"\nheader.x = "2"`, '[header]\nx = "1"\n[header]\ny = "2"'],
  ...['header.x = "1"\n[header]\ny = "2"', 'header = { x = "1" }\nheader.y = "2"'],
  ...[
    'header = { x = "1" }\n[header]\ny = "2"',
    "[host]\n[[host]]",
    "[[host]]\n[host]",
    "host = []\n[[host]]",
  ],
  ...["header.x = 1\nheader.x.y = 2", 'header = { x = "1", x = "2" }', 'server = "a"\n[server]'],
  ...[
    String.raw`ca = "\q"`,
    String.raw`ca = "\u12"`,
    String.raw`ca = "\uD800"`,
    String.raw`ca = "\U00110000"`,
  ],
  ...['ca = "/a', "ca = '/a", 'ca = """/a', "ca = '''/a", 'ca = """/a""', 'ca = ["/a"', 'header = { x = "1"'],
  ...['ca = "/a\nb"', 'ca = "/a\u0000"', 'ca = "/a\u007f"', "# a\u0007", "ca = '/a\u0001'", 'ca = "/a"\r'],
  ...["ca = ", "ca", "ca =\n 1", "= 1", "ca = /a", 'ca "/a"', 'a b = "c"', 'é = "c"', 'ca = "/a" "b"'],
  ...[
    "[host",
    "[host.]",
    "[]",
    "[.host]",
    "[host] x",
    "[[host]",
    "[ [host]]",
    '[host."a]',
    'ca = "/a" [host]',
  ],
  ...[
    'ca = ["/a",,"/b"]',
    'ca = ["/a" "/b"]',
    "ca = [,]",
    'header = { x = "1",, y = "2" }',
    "header = { , }",
  ],
  ...["ca = 01", "ca = 1__0", "ca = _1", "ca = 1_", "ca = 0x", "ca = 0xG", "ca = +0x1", "ca = 1.", "ca = .5"],
  ...["ca = 1e", "ca = 1.e1", "ca = True", "ca = truex", "ca = Inf", "ca = --1", "ca = 0b2", "ca = 0o8"],
  ...["ca = 1979-13-01", "ca = 25:00:00", "ca = 1979-05-27T07:60:00Z", "ca = 1979-5-27"],
  ...["a = 1 b = 2", 'server = "a"\ufeff', "a.b = 1\na.b.c = 2", "a = {}\na.b = 1", '"a\nb" = 1'],
];

Deno.test("parseHostsFile() rejects whatever is not TOML", async (t) => {
  for (const toml of INVALID) {
    await t.step(JSON.stringify(toml), async () => {
      const error = await assertRejects(() => parseHostsFile(toml, PATH));
      assert(error instanceof AppError);
      assertStringIncludes(error.message, "not valid TOML");
    });
  }
});
