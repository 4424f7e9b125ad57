import { assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { GOALS, goalsOf } from "./goals.ts";
import { summarize } from "./measure.ts";
import { NETWORKS } from "./networks.ts";
import { type Outcome, summaryOf } from "./summary.ts";
import { type Row, table } from "./table.ts";
import { WORKLOADS } from "./workloads.ts";

function row(name: string, wall: number, memory = 50): Row {
  return { name, result: summarize([{ wall, cpu: wall / 2, memory }]) };
}

function outcome(key: string, rows: readonly Row[], isUnpacked = false): Outcome {
  return { key, title: `workload ${key}`, isUnpacked, rows };
}

/** Returns the cells of a workload's row, without its title. */
function cells(text: string, key: string): readonly string[] {
  const line = text.split("\n").find((line) => line.startsWith(`| workload ${key} `)) ?? "";
  return line.split("|").slice(2, -1).map((cell) => cell.trim());
}

Deno.test("summaryOf() divides each program's time by dray's and shows the goals", () => {
  const text = summaryOf([
    outcome("D loopback", [
      row("dray", 1, 80),
      row("dray, no fsync", 0.5),
      row("crane", 1.5),
      row("oras", 1.19),
      row("oras -c 10", 0.9),
      row("regctl", 3),
      row("skopeo", 2.5),
      { name: "ctr image pull", result: "failed" },
    ]),
  ]);
  assertEquals(cells(text, "D loopback"), [
    "1.00 s",
    "**84 MB** (80)",
    "0.500 s",
    "1.50",
    "1.19",
    "**0.90** (0.95)",
    "3.00",
    "2.50",
    "–",
    "**1.19** (1.2)",
    "2.50 (2.5)",
  ]);
});

Deno.test("summaryOf() compares rounded ratios with goals", () => {
  const text = summaryOf([
    outcome("C loopback", [row("dray", 1), row("dray, no fsync", 1), row("crane", 0.996)]),
  ]);
  assertEquals(cells(text, "C loopback").slice(3), ["1.00", "1.00 (1)", "–"]);
});

Deno.test("summaryOf() shows – for missing programs, and no goals for a workload without goals", () => {
  const text = summaryOf([
    outcome("", [row("dray", 1), { name: "dray, no fsync", result: "missing" }, {
      name: "crane",
      result: "missing",
    }]),
  ]);
  assertEquals(cells(text, ""), ["1.00 s", "52 MB", "–", "–", "–", "–"]);
  assertEquals(summaryOf([]), "");
});

Deno.test("summaryOf() has a separate table for unpacking, with its own programs", () => {
  const text = summaryOf([
    outcome("S slow", [row("dray", 1), row("dray, no fsync", 1), row("crane", 3)]),
    outcome(
      "E gzip unpacked loopback",
      [row("dray", 2), row("dray, no fsync", 1), row("curl and tar", 3), row("ctr image pull", 6)],
      true,
    ),
    outcome("U gzip", [row("dray", 2), row("dray, no fsync", 1), row("umoci", 8)], true),
  ]);
  assertEquals(cells(text, "S slow").slice(3), ["3.00", "3.00 (3)", "–"]);
  assertEquals(cells(text, "E gzip unpacked loopback").slice(3), ["**1.50** (2)", "3.00 (3)", "–"]);
  assertEquals(cells(text, "U gzip").slice(3), ["–", "–", "4.00"]);
});

Deno.test("each goal is for an existing workload and network", () => {
  for (const key of Object.keys(GOALS)) {
    const [workload = "", network = ""] = key.split(" ");
    if (workload === "E") continue;
    assertEquals(WORKLOADS.some((known) => known.key === workload), true, key);
    assertStringIncludes(NETWORKS[network]?.workloads ?? "", workload, key);
  }
});

Deno.test("table() shows ratios to the first row, and why a program is missing", () => {
  const text = table("A comparison", [row("dray", 0.5), row("crane", 1), {
    name: "oras",
    result: "oras is missing",
  }]);
  assertEquals(text.split("\n"), [
    "### A comparison",
    "",
    "| program |        median s |     range s | CPU s | memory MB | time / dray's |",
    "| ------- | --------------: | ----------: | ----: | --------: | ------------: |",
    "| dray    |           0.500 | 0.500–0.500 | 0.250 |        52 |          1.00 |",
    "| crane   |            1.00 |   1.00–1.00 | 0.500 |        52 |          2.00 |",
    "| oras    | oras is missing |             |       |           |               |",
    "",
  ]);
});

Deno.test("goalsOf() has the same memory goal for every network, and none without a workload", () => {
  assertEquals(goalsOf("A rtt100"), { memory: 80 });
  assertEquals(goalsOf("E zstd unpacked tls"), { memory: 120 });
  assertEquals(goalsOf("S slow"), { withoutFsync: 3 });
  assertEquals(goalsOf(""), {});
});
