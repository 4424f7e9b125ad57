import { isCode } from "../../base/errors.ts";
import { assert, assertEquals, assertThrows } from "../../../tests/assert.ts";
import { seededRandom } from "../../../tests/random.ts";
import { parseChallenges } from "./challenge.ts";

type Parsed = readonly (readonly [scheme: string, params: Record<string, string>])[];

function parsed(header: string): Parsed {
  return parseChallenges(header).map(({ scheme, params }) => [scheme, Object.fromEntries(params)]);
}

const GOOD: readonly (readonly [header: string, want: Parsed])[] = [
  ["", []],
  [" , ,", []],
  ['Basic realm="x"', [["basic", { realm: "x" }]]],
  ["BASIC REALM=x", [["basic", { realm: "x" }]]],
  ["Negotiate", [["negotiate", {}]]],
  [
    'Bearer realm="https://auth.example/token",service="reg",scope="repository:a/b:pull,push"',
    [["bearer", { realm: "https://auth.example/token", service: "reg", scope: "repository:a/b:pull,push" }]],
  ],
  [
    "Bearer realm=https://auth.example/token?a=b,service=reg",
    [["bearer", { realm: "https://auth.example/token?a=b", service: "reg" }]],
  ],
  [
    'Basic realm="a, Bearer realm=\\"b\\"" , Bearer realm="c"',
    [["basic", { realm: 'a, Bearer realm="b"' }], ["bearer", { realm: "c" }]],
  ],
  ['Negotiate, Basic realm="r"', [["negotiate", {}], ["basic", { realm: "r" }]]],
  ['Negotiate YWJj==, Bearer realm="r"', [["negotiate", {}], ["bearer", { realm: "r" }]]],
  ['Bearer realm = "r" , service = "s"', [["bearer", { realm: "r", service: "s" }]]],
  ['Bearer,realm="r"', [["bearer", { realm: "r" }]]],
  ['Bearer realm="first",realm="second"', [["bearer", { realm: "first" }]]],
  ["Bearer realm=", [["bearer", {}]]],
  ['Bearer realm=""', [["bearer", { realm: "" }]]],
  [
    'Bearer realm="r",error="insufficient_scope",scope="a b"',
    [["bearer", { realm: "r", error: "insufficient_scope", scope: "a b" }]],
  ],
];

Deno.test("parseChallenges() parses the headers of real registries", async (t) => {
  for (const [header, want] of GOOD) {
    await t.step(header || "(empty)", () => assertEquals(parsed(header), want));
  }
});

const BAD: readonly (readonly [header: string, want: Parsed])[] = [
  ['"', []],
  ["=", []],
  ["\u0000", []],
  ['Bearer realm="open', [["bearer", {}]]],
  ['Bearer realm="\\', [["bearer", {}]]],
  ['Bearer realm="a" "b"', [["bearer", { realm: "a" }]]],
  ['Bearer realm="a" "b", service="c"', [["bearer", { realm: "a", service: "c" }]]],
  ['Basic realm="x" é', [["basic", { realm: "x" }]]],
  ['é é, Basic realm="x"', [["basic", { realm: "x" }]]],
  ['Custom "a, Evil b", Basic realm="x"', [["custom", {}], ["basic", { realm: "x" }]]],
  ["Negotiate YWJj, Basic realm=x", [["negotiate", {}], ["ywjj", {}], ["basic", { realm: "x" }]]],
];

Deno.test("parseChallenges() skips what it can't parse", async (t) => {
  for (const [header, want] of BAD) {
    await t.step(JSON.stringify(header), () => assertEquals(parsed(header), want));
  }
});

Deno.test("parseChallenges() rejects a header of more than 8 KiB", () => {
  const error = assertThrows(() => parseChallenges(`Bearer realm="${"x".repeat(9000)}"`));
  assert(isCode(error, "invalid_content"));
});

const PIECES = [
  "Bearer",
  "Basic",
  "realm",
  "scope",
  "=",
  "=",
  '"',
  '"',
  "\\",
  ",",
  " ",
  "\t",
  "a",
  "b.c/d:e",
  "==",
  "é",
  "\r\n",
  "",
];

Deno.test("parseChallenges() parses or rejects 20,000 random headers", () => {
  const random = seededRandom();
  for (let run = 0; run < 20_000; run++) {
    const header = Array.from({ length: random(24) }, () => PIECES[random(PIECES.length)]).join("");
    try {
      for (const { scheme, params } of parseChallenges(header)) {
        assert(scheme !== "" && scheme === scheme.toLowerCase(), header);
        for (const name of params.keys()) assertEquals(name, name.toLowerCase(), header);
      }
    } catch (error) {
      assert(isCode(error, "invalid_content"), `${JSON.stringify(header)}: ${error}`);
    }
  }
});

Deno.test("parseChallenges() restores quoted values with any characters", () => {
  const random = seededRandom();
  for (let run = 0; run < 2_000; run++) {
    const value = Array.from({ length: random(12) }, () => PIECES[random(PIECES.length)]).join("");
    const quoted = value.replace(/["\\]/g, (char) => `\\${char}`);
    assertEquals(parsed(`Basic realm="x", Bearer realm="${quoted}",service=s`), [
      ["basic", { realm: "x" }],
      ["bearer", { realm: value, service: "s" }],
    ]);
  }
});
