import xterm from "@xterm/headless";
import { assertEquals, assertStringIncludes } from "../../tests/assert.ts";
import { screenOf, svgOf } from "./screen.ts";

async function terminalAfter(output: string): Promise<xterm.Terminal> {
  const terminal = new xterm.Terminal({ cols: 20, rows: 4, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  return terminal;
}

Deno.test("screenOf() reads the screen after a redraw, with its colours", async () => {
  const screen = screenOf(await terminalAfter("first\r\n\x1b[1A\x1b[2K\x1b[32mgood\x1b[0m <1>"));
  assertEquals(screen.length, 1);
  assertEquals(screen[0]?.map(({ text, style }) => [text.trim(), style]), [["good", "green"], ["<1>", ""]]);
});

Deno.test("svgOf() escapes the text and keeps the style", () => {
  const svg = svgOf([[{ text: "<a> ", style: "" }, { text: "b", style: "green" }]], 20);
  assertStringIncludes(svg, '&lt;a&gt; <tspan class="green">b</tspan>');
});
