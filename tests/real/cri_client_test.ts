import { makeManyImages } from "../cri/many_images.ts";
import { assertEquals } from "../assert.ts";
import { run, runOk } from "./child.ts";
import { startCriRegistries, startServing } from "./cri.ts";
import { PASSWORD, USER } from "./distribution.ts";
import { realTest, SLOW_MS, TOOLS_DIR } from "./tools.ts";

const SOURCE = new URL("../cri/go/", import.meta.url).pathname;
const PROGRAM = `${TOOLS_DIR}/bin/criclient`;

realTest(
  { tools: ["registry", "go"], timeout: SLOW_MS },
  "the client library of crictl and the kubelet passes its checks",
  async () => {
    await runOk("go", ["build", "-o", PROGRAM, "."], { cwd: SOURCE });
    await using registries = await startCriRegistries();
    await using serving = await startServing();
    const store = await Deno.makeTempDir({ prefix: "dray-large-" });
    try {
      await makeManyImages(store, 150, 100_000);
      await using large = await startServing({ store });
      const { code, stdout, stderr } = await run(PROGRAM, [
        ...["-socket", serving.socket, "-large", large.socket],
        ...["-open", registries.open.host, "-private", registries.closed.host, "-slow", registries.slow.host],
        ...["-user", USER, "-password", PASSWORD],
      ]);
      assertEquals(code, 0, `${stdout}\n${stderr}\n${serving.server.lines.slice(-40).join("\n")}`);
      for (const line of serving.server.lines) {
        for (const secret of [PASSWORD, "wr0ng-secret", btoa(`${USER}:${PASSWORD}`)]) {
          assertEquals(line.includes(secret), false, "a secret is in the log");
        }
      }
    } finally {
      await Deno.remove(store, { recursive: true });
    }
  },
);
