import { assert, assertEquals, assertStringIncludes } from "../../../../tests/assert.ts";
import config from "../../../../deno.json" with { type: "json" };
import { LARGE_WORKERS_MAX } from "../../../base/tuning.ts";
import { credentialLocations, searchOrderOf } from "../../../credentials/locations.ts";
import { HOST_KEYS, parseHostsFile } from "../../../hosts/hosts_toml.ts";
import { resolvePullOptions } from "../../../image/model/options.ts";
import { parseDigest } from "../../../oci/digest.ts";
import { formatPlatform, parsePlatform, platformRanking } from "../../../oci/platform.ts";
import { formatReference, parseReference } from "../../../oci/reference.ts";
import { StorePaths } from "../../../store/layout/paths.ts";
import { COMMANDS } from "../../commands.ts";
import { readEnvironment, VARIABLES } from "../../context/environment.ts";
import { KINDS } from "../../permissions/kinds.ts";
import { EXITS } from "../../table/exit_codes.ts";
import { parseCommandLine } from "../../table/parse.ts";
import { dray } from "../../test_kit.ts";
import { topicText } from "../help.ts";
import { CONFIGURATION_TOPIC, HOSTS_TOML_KEYS } from "./configuration.ts";
import { ENVIRONMENT_TOPIC, VARIABLE_MEANINGS } from "./environment.ts";
import { EXIT_CODES_TOPIC } from "./exit_codes.ts";
import { FILES_TOPIC, STORE_ENTRIES } from "./files.ts";
import { CRICTL_YAML, KUBERNETES_TOPIC, SERVE_LINE, SYSTEMD_UNIT } from "./kubernetes.ts";
import { PERMISSION_SET_USES, PERMISSION_USES, PERMISSIONS_TOPIC } from "./permissions.ts";
import { PULLING_TOPIC } from "./pulling.ts";
import { PLATFORM_FALLBACKS, REFERENCE_EXAMPLES, REFERENCES_TOPIC } from "./references.ts";

/** Wide enough that names aren't broken. */
const COLUMNS = 100;

Deno.test("the topic references agrees with the parser and the platform ranking", () => {
  const text = topicText(REFERENCES_TOPIC, COLUMNS);
  for (const [reference, name] of REFERENCE_EXAMPLES) {
    assertEquals(formatReference(parseReference(reference)), name);
    assertStringIncludes(text, name);
  }
  for (const [requested, tried] of PLATFORM_FALLBACKS) {
    assertEquals(platformRanking(parsePlatform(requested)).map(formatPlatform), [...tried]);
  }
});

Deno.test("the topic pulling names the numbers of downloads and attempts", async (t) => {
  const text = topicText(PULLING_TOPIC, 1000).replace(/\s+/g, " ");
  await t.step("downloads", () => {
    const { jobs } = resolvePullOptions({});
    const { summary } = COMMANDS.pull.options.jobs;
    assertStringIncludes(summary, `default: ${jobs}, up to ${LARGE_WORKERS_MAX}`);
    assertStringIncludes(
      text,
      `${jobs} large layers are downloaded in parallel, and up to ${LARGE_WORKERS_MAX} `,
    );
  });
  await t.step("attempts", async () => {
    let attempts = 0;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
      if (url.includes("/manifests/")) attempts++;
      return new Response("busy", { status: 503, headers: { "retry-after": "0" } });
    });
    const store = await Deno.makeTempDir();
    try {
      const env = { DRAY_STORE: store };
      const { code } = await dray(["pull", "-q", `127.0.0.1:${server.addr.port}/a:1`], { env });
      assertEquals(code, 5);
      assertStringIncludes(text, `up to ${attempts} attempts`);
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  });
});

Deno.test("the topic configuration has every key of hosts.toml, and no other", async (t) => {
  assertEquals(new Set(Object.keys(HOSTS_TOML_KEYS)), new Set(["server", ...HOST_KEYS]));
  const text = topicText(CONFIGURATION_TOPIC, COLUMNS);
  for (const key of Object.keys(HOSTS_TOML_KEYS)) assertStringIncludes(text, `\n  ${key} `);
  const block = CONFIGURATION_TOPIC.find(({ kind }) => kind === "code");
  assert(block?.kind === "code");
  await t.step("the example is valid", async () => {
    const { mirrors, server } = await parseHostsFile(block.lines.join("\n"), "/etc/hosts.toml");
    assertEquals([mirrors.length, server?.base.href], [1, "https://registry.example:5000/v2/"]);
  });
});

Deno.test("the topic configuration has every directory and every credential file", () => {
  const text = topicText(CONFIGURATION_TOPIC, COLUMNS);
  const variable = (name: string) => name === "HOME" ? "~" : undefined;
  for (const path of readEnvironment(variable, false).certsDirs) assertStringIncludes(text, path);
  const runtime = (name: string) => name === "XDG_RUNTIME_DIR" ? "/run/user/UID" : undefined;
  const files = searchOrderOf(credentialLocations(runtime, "~")).map(({ path }) => path);
  let last = 0;
  for (const path of files) {
    assert(text.indexOf(`\n  ${path}`) > last, `${path} is missing, or not in search order`);
    last = text.indexOf(`\n  ${path}`);
  }
});

Deno.test("the topic environment has every variable, and no other", () => {
  const names = new Set<string>(Object.values(VARIABLES).flat());
  assertEquals(new Set(Object.keys(VARIABLE_MEANINGS)), names);
  const text = topicText(ENVIRONMENT_TOPIC, COLUMNS);
  for (const name of names) assertStringIncludes(text, `\n  ${name} `);
});

Deno.test("the topic files has every path of the store, and no other", () => {
  const store = new StorePaths("/store");
  const hex = "0".repeat(64);
  const digest = parseDigest(`sha256:${hex}`);
  const ingest = { digest, isReplacement: false };
  const { rootfs, marker } = store.layer(digest);
  const paths: readonly string[] = [
    // Directories are part of the paths below them.
    ...Object.values(store).filter((path) =>
      ![store.root, store.work, store.blobs, store.ingest, store.layers, store.locks, store.holds].includes(
        path,
      )
    ),
    store.blob(digest),
    ...[true, false].flatMap((isSmall) => {
      const { data, state } = store.ingestOf({ ...ingest, isSmall });
      return [data, state];
    }),
    rootfs,
    marker,
    store.hold("UNIQUE"),
    store.layerLock(digest),
    store.layerStaging(digest, "UNIQUE"),
  ];
  const names = paths.map((path) =>
    path.replace("/store/", "").replace(hex, "HEX").replace("sha256", "ALGORITHM")
  );
  assertEquals(new Set(STORE_ENTRIES.map(([path]) => path)), new Set(names));
  const text = topicText(FILES_TOPIC, COLUMNS);
  for (const [path] of STORE_ENTRIES) assertStringIncludes(text, `\n  ${path}`);
});

Deno.test("the topic permissions has every kind of permission and every set of deno.json", () => {
  assertEquals(Object.keys(PERMISSION_USES), [...KINDS]);
  assertEquals(Object.keys(PERMISSION_SET_USES), Object.keys(config.permissions));
  const text = topicText(PERMISSIONS_TOPIC, COLUMNS);
  for (const set of Object.keys(PERMISSION_SET_USES)) assertStringIncludes(text, `\n  ${set} `);
});

Deno.test("the topic exit-codes has every exit code", () => {
  const text = topicText(EXIT_CODES_TOPIC, COLUMNS);
  for (const [code, meaning] of Object.values(EXITS)) {
    assertStringIncludes(text, `  ${String(code).padEnd(3)}  ${meaning}\n`);
  }
});

Deno.test("the topic kubernetes has a valid command line, and a unit that outlasts --grace", () => {
  const text = topicText(KUBERNETES_TOPIC, COLUMNS);
  for (const line of `${CRICTL_YAML}${SYSTEMD_UNIT}`.split("\n")) assertStringIncludes(text, line);
  const line = parseCommandLine(COMMANDS, SERVE_LINE.split(" ").slice(1));
  assert(line.kind === "run");
  const stop = Number(/TimeoutStopSec=([0-9]+)/.exec(SYSTEMD_UNIT)?.[1]);
  assert(stop > COMMANDS.serve.options.grace.default);
});
