/**
 * A process that uses a store until it is killed. It must not import anything that needs the project's
 * configuration, so that it starts quickly. It prints one line per action:
 *
 * - `write ROOT COUNT STEP:NTH`: ingests and records samples 0 to COUNT - 1, and kills itself right after the
 *   NTH time of step STEP. With STEP `print` it prints each step instead, for a parent that kills it.
 * - `hold-ingest ROOT SIZE`: begins an ingest, writes half of it, waits for a line on standard input, and
 *   commits.
 * - `begin-ingest ROOT SIZE`: begins the same ingest, and prints whether it was already committed.
 * - `hold-content ROOT SIZE`: holds the digest of sample 0 until it is killed.
 * - `fill-layout ROOT SIZE`: opens a plain layout, writes half of a blob, and waits.
 *
 * @module
 */
import { neverAborted } from "../../src/base/concurrency/abort.ts";
import { openLayoutDirectory } from "../../src/store/layout_directory.ts";
import { openStore } from "../../src/store/store.ts";
import { recordOf } from "../contract/records.ts";
import { childSample, nameOfSample } from "./child_samples.ts";
import { type CommitStep, observeSteps } from "./commit_steps.ts";

const [mode = "", root = "", count = "", plan = "none:0"] = Deno.args;
const signal = neverAborted();

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

function stepObserver(): (step: CommitStep) => void {
  const [target, nth] = plan.split(":");
  let remaining = Number(nth);
  return (step) => {
    if (target === "print") print(`step ${step}`);
    if (step === target && --remaining === 0) Deno.kill(Deno.pid, "SIGKILL");
  };
}

async function writeSamples(): Promise<void> {
  using _steps = observeSteps(root, stepObserver());
  const store = await openStore(root);
  for (let i = 0; i < Number(count); i++) {
    const { bytes, descriptor } = await childSample(i);
    {
      await using ingest = await store.beginIngest(descriptor, signal);
      print(ingest === undefined ? `found ${i}` : `begun ${i} ${ingest.offset}`);
      if (ingest !== undefined) {
        for (let offset = ingest.offset; offset < bytes.length; offset += 64 * 1024) {
          ingest.write(bytes.subarray(offset, offset + 64 * 1024));
        }
        await ingest.commit();
      }
    }
    print(`committed ${i}`);
    await store.updateImages((records) => {
      const name = nameOfSample(i);
      return [...records.values()].filter((record) => record.name !== name).concat(
        recordOf(name, { manifest: descriptor, pulledAt: Date.now() }),
      );
    }, signal);
    print(`recorded ${i}`);
  }
}

async function holdIngest(): Promise<void> {
  const store = await openStore(root);
  const { bytes, descriptor } = await childSample(0, Number(count));
  await using ingest = await store.beginIngest(descriptor, signal);
  ingest?.write(bytes.subarray(0, bytes.length / 2));
  print("half");
  await Deno.stdin.read(new Uint8Array(10));
  ingest?.write(bytes.subarray(bytes.length / 2));
  await ingest?.commit();
  print("committed");
}

async function beginIngest(): Promise<void> {
  const store = await openStore(root);
  const { descriptor } = await childSample(0, Number(count));
  print("waiting");
  await using ingest = await store.beginIngest(descriptor, signal);
  print(ingest === undefined ? "found" : "begun");
}

async function fillLayout(): Promise<void> {
  await using layout = await openLayoutDirectory(root, { signal });
  const { bytes, descriptor } = await childSample(0, Number(count));
  await using ingest = await layout.store.beginIngest(descriptor, signal);
  ingest?.write(bytes.subarray(0, bytes.length / 2));
  print("half");
  await Deno.stdin.read(new Uint8Array(10));
}

async function holdContent(): Promise<void> {
  const { descriptor } = await childSample(0, Number(count));
  using hold = (await openStore(root)).beginHold(signal);
  await hold.add([descriptor.digest]);
  print("holding");
  await Deno.stdin.read(new Uint8Array(10));
}

switch (mode) {
  case "write":
    await writeSamples();
    break;
  case "hold-ingest":
    await holdIngest();
    break;
  case "begin-ingest":
    await beginIngest();
    break;
  case "fill-layout":
    await fillLayout();
    break;
  case "hold-content":
    await holdContent();
    break;
}
