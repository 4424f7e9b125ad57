import { SecretSet } from "../base/secret_set.ts";
import { neverAborted } from "../base/concurrency/abort.ts";
import { AppError, type ErrorCode } from "../base/errors.ts";
import type { TagPage } from "../content/remote.ts";
import { assertEquals, assertRejects, assertStringIncludes } from "../../tests/assert.ts";
import { buildImage } from "../../tests/images/mod.ts";
import {
  compressed,
  type Fault,
  headers,
  startRegistry,
  status,
  type TestRegistry,
} from "../../tests/registry/mod.ts";
import type { RegistrySession } from "./auth/registry_session.ts";
import { TagLister } from "./tags.ts";
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

Deno.test("A compressed list is decoded", async () => {
  await using registry = await startWithTags("a", "b");
  registry.fault({ kind: "tags" }, compressed());
  using test = openTestRemote(registry);
  assertEquals(await pagesOf(test), [{ tags: ["a", "b"] }]);
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
      "to a page without a query",
      headers({ link: `<${list}/2>; rel="next"` }),
      "invalid_content",
      "no query",
    ],
    ["by a header without a link", headers({ link: "next" }), "invalid_content", "no query"],
    ["by an invalid header", headers({ link: "<a; b" }), "invalid_content", "can't be parsed"],
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

Deno.test("A link to another host, path or scheme gives only its query", async (t) => {
  for (
    const target of ["https://other.test/v2/x/tags/list", "/repository/proxy/v2/x/tags/list", "http://[::1]/"]
  ) {
    await t.step(target, async () => {
      await using registry = await startWithTags("a", "b", "c");
      registry.fault({ kind: "tags" }, headers({ link: `<${target}?last=b&n=2>; rel="next"` }));
      using test = openTestRemote(registry);
      assertEquals((await pagesOf(test, 2)).flatMap(({ tags }) => tags), ["a", "b", "c"]);
      const paths = registry.requests.of("/tags/list").map(({ path }) => path);
      assertEquals(paths, [`/v2/${REPOSITORY}/tags/list`, `/v2/${REPOSITORY}/tags/list`]);
    });
  }
});

Deno.test("Empty pages are accepted, but not without end", async () => {
  const emptyPage = (isLast: (page: number) => boolean): Fault => (response, { request }) => {
    const page = Number(request.url.searchParams.get("page") ?? 0);
    const body = new TextEncoder().encode(JSON.stringify({ tags: isLast(page) ? ["z"] : [] }));
    const link: Record<string, string> = isLast(page) ? {} : { link: `<?page=${page + 1}>; rel="next"` };
    return {
      ...response,
      headers: link,
      body: { size: body.length, chunks: [body], offset: 0 },
    };
  };
  const all = async (test: TestRemote) => {
    const tags: string[] = [];
    let last: string | undefined;
    do {
      const page: TagPage = await test.remote.listTags(last === undefined ? {} : { last }, never);
      tags.push(...page.tags);
      last = page.next;
    } while (last !== undefined);
    return tags;
  };
  await using registry = await startWithTags("a");
  registry.fault({ kind: "tags", times: 10 }, emptyPage((page) => page === 9));
  using test = openTestRemote(registry);
  assertEquals(await all(test), ["z"]);
  registry.fault({ kind: "tags", times: 1000 }, emptyPage(() => false));
  using endless = openTestRemote(registry);
  const error = await assertRejects(() => all(endless), AppError, "100 pages without a tag");
  assertEquals(error.code, "invalid_content");
});

Deno.test("A list of more than 10,000 pages is an error", async () => {
  await using registry = await startRegistry();
  using test = openTestRemote(registry);
  let pages = 0;
  const session: RegistrySession = {
    host: {
      registry: registry.host,
      base: new URL(`${registry.origin}/v2/`),
      capabilities: new Set(["resolve"]),
      isMirror: false,
      headers: {},
    },
    secrets: new SecretSet(),
    credentialSource: "anonymous",
    send(request) {
      const body = new TextEncoder().encode(`{"tags":["${pages}"]}`);
      let isRead = false;
      return Promise.resolve({
        status: 200,
        headers: new Headers({ link: `<?last=${pages++}>; rel="next"` }),
        url: new URL(request.path, registry.origin),
        isReceived: true,
        body: {
          read(buffer) {
            if (isRead) return Promise.resolve(null);
            isRead = true;
            buffer.set(body);
            return Promise.resolve(body.length);
          },
        },
        [Symbol.dispose]() {},
      });
    },
  };
  const lister = new TagLister({
    name: "x",
    repository: REPOSITORY,
    sessions: [session],
    context: test.context,
  });
  const list = async () => {
    let page = await lister.list({}, never);
    while (page.next !== undefined) page = await lister.list({ last: page.next }, never);
  };
  const error = await assertRejects(list, AppError, "more than 10000 pages");
  assertEquals([error.code, pages], ["invalid_content", 10_000]);
});

Deno.test("Names that no tag can have are ignored with a warning", async () => {
  await using registry = await startWithTags("a");
  const tags = ["1.0", "a b", "../x", "", "-x", "x".repeat(129), 7, null, "v\u001b[31m", "_ok"];
  const body = new TextEncoder().encode(JSON.stringify({ tags }));
  registry.fault({ kind: "tags" }, (response) => ({
    ...response,
    body: { size: body.length, chunks: [body], offset: 0 },
  }));
  using test = openTestRemote(registry);
  assertEquals(await pagesOf(test), [{ tags: ["1.0", "_ok"] }]);
  assertEquals(test.warnings, ["8 of 10 tags were ignored: they are not valid tag names"]);
});

function backAndForth(list: string): Fault {
  return (response, { request }) => {
    const next = request.url.searchParams.get("last") === "a" ? "b" : "a";
    return { ...response, headers: { ...response.headers, link: `<${list}?last=${next}>; rel="next"` } };
  };
}
