import { assertEquals } from "../../../tests/assert.ts";
import { encodeJson, jsonText, padEnd, padStart, printable, truncate, widthOf, wrap } from "./text.ts";
import { pairLines, textTable } from "./text_table.ts";

Deno.test("widthOf() counts columns, not characters", async (t) => {
  const cases: readonly (readonly [text: string, width: number])[] = [
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["한글", 4],
    ["🦕", 2],
    ["ｆ", 2],
    ["a\u200db", 2],
    ["…", 1],
    ["█", 1],
  ];
  for (const [text, width] of cases) await t.step(text, () => assertEquals(widthOf(text), width));
});

Deno.test("printable() escapes only control characters", () => {
  assertEquals(printable("a\x1b[2Jb\r\n"), "a\\x1b[2Jb\\x0d\\x0a");
  assertEquals(printable("\u202egnp.exe"), "\\u202egnp.exe");
  assertEquals(printable("\u009b2J"), "\\x9b2J");
  assertEquals(printable("plain 日本 é ❤\ufe0f e\u0301"), "plain 日本 é ❤\ufe0f e\u0301");
});

Deno.test("padding and truncating count columns", () => {
  assertEquals(padEnd("日", 4), "日  ");
  assertEquals(padStart("日", 4), "  日");
  assertEquals(truncate("日本語", 6), "日本語");
  assertEquals(truncate("日本語", 5), "日本…");
  assertEquals(truncate("日本語", 4), "日…");
  assertEquals(truncate("abc", 1), "…");
  assertEquals(truncate("abc", 0), "");
});

Deno.test("wrap() breaks at spaces", () => {
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals(wrap("one-long-word x", 5), ["one-long-word", "x"]);
  assertEquals(wrap("", 5), [""]);
});

Deno.test("printable() replaces invisible characters, with which names look equal", async (t) => {
  const cases: readonly (readonly [name: string, text: string, want: string])[] = [
    ["Arabic letter mark", "a\u061cb", "a\\u061cb"],
    ["zero width space", "a\u200bb", "a\\u200bb"],
    ["byte order mark", "\ufeffa", "\\ufeffa"],
    ["soft hyphen", "a\u00adb", "a\\xadb"],
    ["tag", "a\u{e0041}b", "a\\u{e0041}b"],
    ["Hangul filler", "a\u3164b", "a\\u3164b"],
    ["variation selector 17", "a\u{e0100}b", "a\\u{e0100}b"],
    ["line separator", "a\u2028b", "a\\u2028b"],
    ["isolate", "a\u2066b", "a\\u2066b"],
  ];
  for (const [name, text, want] of cases) await t.step(name, () => assertEquals(printable(text), want));
});

Deno.test("encodeJson() and jsonText() escape what a terminal would execute or hide", () => {
  const value = { text: "\x9b2J\x7f\u202e\u{e0041}\n é 日 🦕", list: [1] };
  const line = '{"text":"\\u009b2J\\u007f\\u202e\\udb40\\udc41\\n é 日 🦕","list":[1]}';
  assertEquals(encodeJson(value), line);
  assertEquals(JSON.parse(line), value);
  assertEquals(
    jsonText(value),
    JSON.stringify(JSON.parse(line), null, 2)
      .replace("\x9b", "\\u009b").replace("\x7f", "\\u007f").replace("\u202e", "\\u202e")
      .replace("\u{e0041}", "\\udb40\\udc41") + "\n",
  );
  assertEquals(JSON.parse(jsonText(value)), value);
});

Deno.test("textTable() aligns columns of any script, and makes cells printable", () => {
  const columns = [{ heading: "NAME" }, { heading: "SIZE", align: "right" as const }, { heading: "ID" }];
  assertEquals(
    textTable(columns, [["日本", "1B", "a"], ["x\x1b[0m", "100kB", "bb"]]),
    "NAME        SIZE   ID\n" +
      "日本          1B   a\n" +
      "x\\x1b[0m   100kB   bb\n",
  );
});

Deno.test("pairLines() skips pairs without a value", () => {
  assertEquals(
    pairLines([["id", "1"], ["created", undefined], ["author", ""], ["name", "n"]]),
    "id    1\nname  n\n",
  );
});

Deno.test("pairLines() makes names and values printable", () => {
  assertEquals(pairLines([["k\x1b[2J", "v\nw"], ["a", "b"]]), "k\\x1b[2J  v\\x0aw\na         b\n");
});
