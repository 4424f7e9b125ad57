import { neverAborted } from "../base/abort.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { TagPage } from "../content/remote.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import { type Fault, headers, startRegistry, status, type TestRegistry } from "../../tests/registry/mod.ts";
import { openTestRemote, REPOSITORY, type TestRemote } from "./test_remote.ts";

const never = neverAborted();

async function startWithTags(...tags: readonly string[]): Promise<TestRegistry> {
  const registry = await startRegistry();
  const image = await buildImage();
  for (const tag of tags) registry.push(REPOSITORY, tag, image);
  return registry;
}

/** All pages, at most ten. */
async function pagesOf({ remote }: TestRemote, pageSize?: number): Promise<TagPage[]> {
  const pages: TagPage[] = [];
  let last: string | undefined;
  do {
    const options = {
      ...last === undefined ? {} : { last },
      ...pageSize === undefined ? {} : { pageSize },
    };
    const page = await remote.listTags(options, never);
    pages.push(page);
    last = page.next;
  } while (last !== undefined && pages.length < 10);
  return pages;
}

Deno.test("Tags are listed page by page", async () => {
  await using registry = await startWithTags("a", "b", "c", "d", "e");
  using test = openTestRemote(registry);
  assertEquals(await pagesOf(test), [{ tags: ["a", "b", "c", "d", "e"] }]);
  assertEquals(await pagesOf(test, 2), [
    { tags: ["a", "b"], next: "b" },
    { tags: ["c", "d"], next: "d" },
    { tags: ["e"] },
  ]);
  // A second listing by the same remote doesn't count as a cycle.
  assertEquals((await pagesOf(test, 2)).length, 3);
});

Deno.test("A cursor in the host's own format is sent back unchanged", async () => {
  await using registry = await startWithTags("a");
  const link = `</v2/${REPOSITORY}/tags/list?next_page=gAAA%3D&n=1>; rel="next"`;
  registry.fault({ kind: "tags" }, headers({ link }));
  using test = openTestRemote(registry);
  assertEquals((await pagesOf(test)).length, 2);
  assertEquals(registry.requests.all[1]?.query.get("next_page"), "gAAA=");
});

Deno.test("A repository without tags has an empty page", async () => {
  await using registry = await startWithTags("a");
  const body = new TextEncoder().encode('{"name":"team/app","tags":null}');
  const none: Fault = () => ({
    status: 200,
    headers: {},
    body: { size: body.length, chunks: [body], offset: 0 },
  });
  registry.fault({ kind: "tags" }, none);
  using test = openTestRemote(registry);
  assertEquals(await pagesOf(test), [{ tags: [] }]);
});

Deno.test("A listing is retried after a retryable failure", async () => {
  await using registry = await startWithTags("a");
  registry.fault({ kind: "tags" }, status(502));
  using test = openTestRemote(registry);
  assertEquals(await pagesOf(test), [{ tags: ["a"] }]);
});

Deno.test("Links to wrong pages are refused", async (t) => {
  const list = `/v2/${REPOSITORY}/tags/list`;
  const cases: readonly (readonly [string, Fault, ErrorCode, string])[] = [
    [
      "to another host",
      headers({ link: `<https://other.test${list}?last=a>; rel="next"` }),
      "invalid_content",
      "links to another path or host",
    ],
    [
      "to another repository",
      headers({ link: '</v2/x/y/tags/list?last=a>; rel="next"' }),
      "invalid_content",
      "links to another path or host",
    ],
    ["to itself", headers({ link: `<${list}?last=a>; rel="next"` }), "invalid_content", "form a cycle"],
    ["back and forth", backAndForth(list), "invalid_content", "form a cycle"],
    ["nowhere", status(404), "not_found", "answered 404"],
  ];
  for (const [name, fault, code, message] of cases) {
    await t.step(name, async () => {
      await using registry = await startWithTags("a");
      registry.fault({ kind: "tags", times: 9 }, fault);
      using test = openTestRemote(registry);
      const error = await assertRejects(() => pagesOf(test), AppError);
      assertEquals(error.code, code);
      assertStringIncludes(error.message, message);
    });
  }
});

function backAndForth(list: string): Fault {
  return (response, { request }) => {
    const next = request.url.searchParams.get("last") === "a" ? "b" : "a";
    return { ...response, headers: { ...response.headers, link: `<${list}?last=${next}>; rel="next"` } };
  };
}
