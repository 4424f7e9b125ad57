import { COMMANDS } from "../../src/cli/commands.ts";
import { TOPICS } from "../../src/cli/help/topics.ts";
import type { TopicDocument } from "../../src/cli/help/topics/document.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../../tests/assert.ts";
import { manPage, topicPage } from "./page.ts";
import { example, request, roff } from "./roff.ts";

const PAGE = manPage("1.2.3", "2026-11-24");
const TOPIC_NAMES = Object.keys(TOPICS) as (keyof typeof TOPICS)[];

Deno.test("the man page has every command, every option and every topic", async (t) => {
  for (const [name, { options }] of Object.entries(COMMANDS)) {
    await t.step(name, () => {
      assertStringIncludes(PAGE, `.SS "${roff(`dray ${name}`)}`);
      for (const option of Object.keys(options)) assertStringIncludes(PAGE, roff(`--${option}`));
    });
  }
  for (const topic of TOPIC_NAMES) assertStringIncludes(PAGE, request("BR", `dray-${topic}`, "(7),"));
});

Deno.test("the man page of a topic has all its text", async (t) => {
  for (const name of TOPIC_NAMES) {
    await t.step(name, async () => {
      const page = await topicPage(name, "1.2.3", "2026-11-24");
      const document: TopicDocument = await TOPICS[name].load();
      for (const block of document) {
        const texts = block.kind === "terms"
          ? block.rows.map(([, meaning]) => meaning)
          : block.kind === "code"
          ? block.lines
          : block.kind === "paragraph"
          ? [block.text]
          : [];
        for (const text of texts) assertStringIncludes(page, roff(text));
      }
    });
  }
});

Deno.test("no line of a man page is an unintended request", async () => {
  const topics = await Promise.all(TOPIC_NAMES.map((name) => topicPage(name, "1.2.3", "2026-11-24")));
  for (const line of [PAGE, ...topics].join("\n").split("\n")) {
    if (line.startsWith(".")) assertMatch(line, /^\.(TH|SH|SS|TP|PP|B|BR|RS|RE|nf|fi)\b/);
    assert(!line.startsWith("'"), line);
  }
});

Deno.test("roff() and example() escape everything that roff interprets", () => {
  assertEquals(roff(".a\n'b \\c -d"), "\\&.a\n\\(aqb \\ec \\-d");
  assertEquals(request("B", 'say "x"'), '.B "say \\(dqx\\(dq"');
  assertEquals(example([".x", ""]), ".PP\n.RS 4\n.nf\n\\&.x\n\\&\n.fi\n.RE");
});
