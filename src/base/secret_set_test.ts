import { assert, assertEquals } from "../../tests/assert.ts";
import { AppError } from "./errors.ts";
import { SecretSet } from "./secret_set.ts";

function setOf(...secrets: readonly string[]): SecretSet {
  const set = new SecretSet();
  for (const secret of secrets) set.add(secret);
  return set;
}

Deno.test("SecretSet hides a secret in each form in which a server may quote it", async (t) => {
  const secrets = ["s3cret", "a+b/c==", 'quo"te é', "s3cret-and-more", "<it's&é😀>", "pass\tword-1"];
  const set = setOf(...secrets);
  const cases: readonly (readonly [text: string, want: string])[] = [
    ["bob:s3cret was refused", "bob:REDACTED was refused"],
    ["S3CRET.example", "REDACTED.example"],
    ["s3cret-and-more", "REDACTED"],
    ["x=a%2Bb%2Fc%3D%3D&y", "x=REDACTED&y"],
    ["x a-b_c y", "x REDACTED y"],
    ['{"p":"quo\\"te é"}', '{"p":"REDACTED"}'],
    ["p=quo%22te+%C3%A9", "p=REDACTED"],
    ["x czNjcmV0 y", "x REDACTED y"],
    ["x YStiL2M9PQ y", "x REDACTED y"],
    ["x PGl0J3Mmw6nwn5iAPg== y", "x REDACTED y"],
    ["x PGl0J3Mmw6nwn5iAPg%3D%3D y", "x REDACTED y"],
    ['{"p":"quo\\"te \\u00e9"}', '{"p":"REDACTED"}'],
    ['{"p":"quo\\"te \\u00E9"}', '{"p":"REDACTED"}'],
    ["x <it's&\\u00e9\\ud83d\\ude00> y", "x REDACTED y"],
    ["x \\u003cit's\\u0026é😀\\u003e y", "x REDACTED y"],
    ["x \\u003cit's\\u0026\\u00e9\\ud83d\\ude00\\u003e y", "x REDACTED y"],
    ["<b>&lt;it's&amp;é😀&gt;</b>", "<b>REDACTED</b>"],
    ["<b>&lt;it&#39;s&amp;é😀&gt;</b>", "<b>REDACTED</b>"],
    ["<b>&lt;it&#x27;s&amp;é😀&gt;</b>", "<b>REDACTED</b>"],
    ["<b>quo&quot;te é</b>", "<b>REDACTED</b>"],
    ["<b>quo&#34;te é</b>", "<b>REDACTED</b>"],
    ["x=a%252Bb%252Fc%253D%253D&y", "x=REDACTED&y"],
    ["x=quo%2522te%2520%25C3%25A9&y", "x=REDACTED&y"],
    ["x=quo%2522te%2B%25C3%25A9&y", "x=REDACTED&y"],
    ["it is s3\u200bcret", "REDACTED"],
    ["it is s\x003\x1bcr\u00adet", "REDACTED"],
    ["it is pass\tword-1", "it is REDACTED"],
    ["it is passw\u2060ord-1", "REDACTED"],
    ["two\nlines, one s3cret", "two\nlines, one REDACTED"],
    ["two\nlines without one", "two\nlines without one"],
    ["https://u:p@host/path?sig=1 and http://h#x", "https://host/path and http://h"],
    ["s3crets are not s3cret", "s3crets are not REDACTED"],
    ["nothing to hide", "nothing to hide"],
  ];
  for (const [text, want] of cases) await t.step(text, () => assertEquals(set.hide(text), want));
});

Deno.test("SecretSet hides a long secret inside a word, and a short one only as a word", () => {
  assertEquals(setOf("12345678").hide("x12345678y"), "xREDACTEDy");
  assertEquals(setOf("a").hide("a cat: a"), "REDACTED cat: REDACTED");
});

Deno.test("SecretSet hides an issued secret in the same forms except base64", () => {
  const set = new SecretSet();
  set.addIssued("t+oken/1");
  assertEquals(set.hide("t+oken/1 t%252Boken%252F1 dCtva2VuLzE="), "REDACTED REDACTED dCtva2VuLzE=");
});

Deno.test("SecretSet.hideIn() covers message, details and causes, and keeps an error without secrets", () => {
  const cause = new TypeError("at s3cret", { cause: new AppError("network", "for s3cret") });
  const details = { host: "s3cret.example", also: ["s3cret"], status: 401 };
  const hidden = setOf("s3cret").hideIn(new AppError("unauthorized", "no s3cret", { details, cause }));
  const { message, code, details: shown } = hidden;
  assertEquals([message, code, shown], ["no REDACTED", "unauthorized", {
    host: "REDACTED.example",
    also: ["REDACTED"],
    status: 401,
  }]);
  assert(hidden.cause instanceof Error && hidden.cause.cause instanceof AppError);
  assertEquals([hidden.cause.message, hidden.cause.cause.message], ["at REDACTED", "for REDACTED"]);
  const clean = new AppError("network", "clean", { cause: new Error("clean") });
  assert(setOf("s3cret").hideIn(clean) === clean);
});

Deno.test("SecretSet forgets the oldest issued secrets, but never the user's", () => {
  const set = setOf("the-password");
  for (let i = 0; i < 101; i++) set.addIssued(`token-number-${i}`);
  assertEquals(set.hide("the-password token-number-0 token-number-100"), "REDACTED token-number-0 REDACTED");
});
