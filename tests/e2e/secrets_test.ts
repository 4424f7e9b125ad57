import { assert, assertEquals, assertRejects } from "../assert.ts";
import { ImageService } from "../../src/cri/proto/runtime_pb.ts";
import { CriClient } from "../cri/test_service.ts";
import { type Sandbox, sandbox } from "./program.ts";

const PASSWORD = "pa55 wörd/+x";
const USER = "ann";
const PAIR = btoa(String.fromCharCode(...new TextEncoder().encode(`${USER}:${PASSWORD}`)));
const ACCESS = "access-token-7f3a";
const REFRESH = "refresh-token-91bc";
const REALM_KEY = "realm-key-55de";
const HEADER_KEY = "header-key-20aa";
/** What must not be shown, in each spelling that a server could copy from our requests. */
const SECRETS = [PASSWORD, encodeURIComponent(PASSWORD), PAIR, ACCESS, REFRESH, REALM_KEY, HEADER_KEY];
const QUOTE = SECRETS.join(" , ");
/** Without characters that a header or a URL can't contain. */
const HEADER_QUOTE = [encodeURIComponent(PASSWORD), PAIR, ACCESS, REFRESH, REALM_KEY, HEADER_KEY].join("~");

/** Where an authenticated client finds the secrets; the name is the last part of the repository. */
const PLACES: Readonly<Record<string, (base: string) => Response>> = {
  "json-message": () => Response.json({ errors: [{ code: "DENIED", message: QUOTE }] }, { status: 403 }),
  "json-code": () => Response.json({ errors: [{ code: HEADER_QUOTE }] }, { status: 400 }),
  "json-detail": () => Response.json({ errors: [{ detail: QUOTE }] }, { status: 404 }),
  "plain-text": () => new Response(QUOTE, { status: 401 }),
  "end-of-text": () => new Response(`${"x".repeat(280)} ${QUOTE}`, { status: 403 }),
  "warning": () => withHeader(404, "warning", `299 - "${HEADER_QUOTE}"`),
  "broken-json": () => new Response(`{ ${QUOTE} `, { headers: MANIFEST }),
  "json-string": () => Response.json({ schemaVersion: 2, mediaType: QUOTE }, { headers: MANIFEST }),
  "platform": () => Response.json(INDEX, { headers: INDEX_TYPE }),
  "content-type": () => new Response("{}", { headers: { "content-type": `application/${HEADER_QUOTE}` } }),
  "content-encoding": () => withHeader(200, "content-encoding", HEADER_QUOTE),
  "redirect-path": (base) => withHeader(307, "location", `${base}/${HEADER_QUOTE}/`),
  "redirect-query": (base) => withHeader(307, "location", `${base}/gone?sig=${HEADER_QUOTE}`),
  "redirect-address": () => withHeader(307, "location", `https://169.254.169.254/${HEADER_QUOTE}`),
  "redirect-scheme": () => withHeader(307, "location", `${ACCESS}:x`),
  "challenge": () => withHeader(401, "www-authenticate", `Basic realm="${HEADER_QUOTE}", x="${HEADER_QUOTE}`),
  "scope": (base) => challenge(base, "token", `repository:${HEADER_QUOTE}:pull`),
  "realm-path": (base) => challenge(base, `denied/${HEADER_QUOTE}`, "a"),
  "token-error": (base) => challenge(base, "denied", "a"),
  "token-text": (base) => challenge(base, "text", "a"),
};
const INDEX_TYPE = { "content-type": "application/vnd.oci.image.index.v1+json" };
/** An error lists the platforms of an index. */
const INDEX = {
  schemaVersion: 2,
  mediaType: INDEX_TYPE["content-type"],
  manifests: [{
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: `sha256:${"0".repeat(64)}`,
    size: 2,
    platform: { os: ACCESS, architecture: PAIR },
  }],
};
const MANIFEST = { "content-type": "application/vnd.oci.image.manifest.v1+json" };

function withHeader(status: number, name: string, value: string): Response {
  return new Response(status === 200 ? "{}" : null, { status, headers: { [name]: value } });
}

function challenge(base: string, path: string, scope: string): Response {
  const realm = `${base}/${path}?key=${REALM_KEY}`;
  return withHeader(401, "www-authenticate", `Bearer realm="${realm}",service="s",scope="${scope}"`);
}

/** A registry with a token server that quotes every secret of its clients. */
function startQuoting(): AsyncDisposable & { readonly host: string } {
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async (request) => {
      await request.text();
      const { pathname } = new URL(request.url);
      const base = `http://127.0.0.1:${server.addr.port}`;
      if (pathname === "/token") {
        return Response.json({ token: ACCESS, refresh_token: REFRESH, expires_in: 300 });
      }
      if (pathname === "/text") return new Response(`${ACCESS} ${QUOTE}`);
      if (pathname.startsWith("/denied")) return Response.json({ details: QUOTE }, { status: 403 });
      if (request.headers.get("authorization") !== `Bearer ${ACCESS}`) {
        return challenge(base, "token", "repository:q:pull");
      }
      const place = PLACES[pathname.split("/")[3] ?? ""];
      return place?.(base) ?? new Response(null, { status: 404 });
    },
  );
  return {
    host: `127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** Logs in, and configures a header whose value is secret too. */
async function configure(box: Sandbox, host: string): Promise<Readonly<Record<string, string>>> {
  const directory = `${box.home}/.config/dray/certs.d/${host}`;
  await Deno.mkdir(directory, { recursive: true });
  const hosts = `server = "http://${host}"\n[header]\nx-api-key = "${HEADER_KEY}"\n`;
  await Deno.writeTextFile(`${directory}/hosts.toml`, hosts);
  return { DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: { auth: PAIR } } }) };
}

function assertClean(text: string, where: string): void {
  const lower = text.toLowerCase();
  for (const secret of SECRETS) {
    assert(!lower.includes(secret.toLowerCase()), `${where} shows "${secret}":\n${text}`);
    assert(!lower.includes(JSON.stringify(secret).slice(1, -1).toLowerCase()), `${where} shows "${secret}"`);
  }
}

/** Options of each output channel of the command line. */
const CHANNELS: Readonly<Record<string, readonly string[]>> = {
  "text": [],
  "causes": ["-v", "--progress=plain"],
  "stacks": ["--debug"],
  "JSON log": ["--log-format=json"],
  "JSON events": ["--progress=json"],
};

Deno.test("No output of a pull shows a secret that a registry quotes", async (t) => {
  await using registry = startQuoting();
  await using box = await sandbox();
  const env = await configure(box, registry.host);
  const references = Object.keys(PLACES).map((place) => `${registry.host}/q/${place}:1`);
  for (const [channel, options] of Object.entries(CHANNELS)) {
    await t.step(channel, async () => {
      const { code, stdout, stderr } = await box.dray(["pull", ...options, ...references], { env });
      assert(code !== 0);
      for (const reference of references) assert(stderr.includes(reference), `${reference}:\n${stderr}`);
      assertClean(stdout + stderr, channel);
    });
  }
});

Deno.test("No output of other commands shows a secret that a registry quotes", async (t) => {
  await using registry = startQuoting();
  await using box = await sandbox();
  const env = await configure(box, registry.host);
  const name = (place: string) => `${registry.host}/q/${place}`;
  const commands = Object.keys(PLACES).filter((place) => /json|text|token|warning/.test(place))
    .map((place) => ["tags", "-v", name(place)]);
  commands.push(
    ["digest", "--remote", "--debug", `${name("redirect-address")}:1`],
    ["permissions", "pull", name("token-error")],
    ["permissions", "--probe", "pull", name("json-message")],
  );
  for (const command of commands) {
    await t.step(command.join(" "), async () => {
      const { stdout, stderr } = await box.dray(command, { env });
      assertClean(stdout + stderr, command.join(" "));
    });
  }
});

Deno.test("No message and no log line of the CRI server shows a secret that a registry quotes", async () => {
  await using registry = startQuoting();
  await using box = await sandbox();
  await configure(box, registry.host);
  const running = box.start([
    "serve",
    "cri",
    "--socket",
    `${box.directory}/d.sock`,
    "--log-format=json",
  ]);
  await using _server = running;
  const lines: string[] = [];
  const ready = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const line of running.lines) {
      lines.push(line);
      if (line.includes('"message":"serving"')) ready.resolve();
    }
  })();
  await ready.promise;
  const auth = { username: USER, password: PASSWORD };
  {
    using cri = await CriClient.connect(`${box.directory}/d.sock`);
    for (const place of Object.keys(PLACES)) {
      const request = { image: { image: `${registry.host}/q/${place}:1` }, auth };
      const error = await assertRejects(() => cri.call(ImageService.method.pullImage, request));
      assertClean(Deno.inspect(error), `the status of ${place}`);
    }
  }
  running.kill("SIGTERM");
  await reading;
  assertEquals(lines.filter((line) => line.includes("/q/")).length >= Object.keys(PLACES).length, true);
  assertClean(lines.join("\n"), "the log");
});
