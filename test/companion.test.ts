// Translation beside the guest: the same results, whenever answers come; what was made of code that the guest has changed
// meanwhile is not used; without a thread, and where it ends by itself, the guest's own thread translates.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PortableVcpu, VcpuOptions } from "../src/engine/contract.js";
import { newWasmVcpu } from "../src/engine/x86-64/wasm-vcpu.js";
import { load, runBare } from "./bare-machine.js";
import { selfTest } from "./command.js";
import { testCompanion } from "./companion.js";

const made =
  ({ beside }: Pick<VcpuOptions, "beside">, threshold = 20) =>
  (options: VcpuOptions): PortableVcpu =>
    newWasmVcpu({ ...options, profile: "plain", beside }, { threshold });

/** Has something done at every exit. */
function atExits(vcpu: PortableVcpu, work: () => void): void {
  const { run } = vcpu;
  vcpu.run = (answer) =>
    run.call(vcpu, (exit) => {
      work();
      return answer(exit);
    });
}

const kinds = (requests: readonly unknown[]): string[] =>
  requests.map((request) => (request as { kind: string }).kind);

for (const name of ["hello", "exception", "ssp"]) {
  for (const when of ["at once", "later"] as const) {
    test(`test_${name}: translated beside it, answers ${when}`, () => {
      for (const target of ["hvt", "spt"]) {
        const file = selfTest(`test_${name}.${target}`);
        const expected = runBare(load(file, (options) => newWasmVcpu({ ...options, profile: "plain" })));
        const companion = testCompanion(when);
        const vcpu = load(file, made(companion));
        atExits(vcpu, companion.deliver);
        assert.deepEqual(runBare(vcpu), expected);
        assert.equal(kinds(companion.log.requests)[0], "begin");
        vcpu[Symbol.dispose]();
        assert.equal(companion.log.ended, 1);
      }
    });
  }
}

const hello = selfTest("test_hello.spt");
const expected = runBare(load(hello, (options) => newWasmVcpu({ ...options, profile: "plain" })));

test("what was made of code that has changed since is not used", () => {
  const companion = testCompanion("later");
  const vcpu = load(hello, made(companion, 4));
  const answers = companion.answers as { batch?: { pages: number[] } }[];
  let changed = 0;
  atExits(vcpu, () => {
    const page = answers[0]?.batch?.pages[0];
    if (page !== undefined && changed === 0) {
      // The last byte of a page of code, which nothing executes.
      const bytes = vcpu.memory.bytes(page * 4096, 4096);
      if (bytes !== undefined) bytes[4095] = (bytes[4095] ?? 0) ^ 1;
      changed++;
      companion.deliver();
    }
  });
  assert.deepEqual(runBare(vcpu), expected);
  assert.equal(changed, 1);
  // Its session has ended; what becomes hot again begins another.
  assert.ok(kinds(companion.log.requests).includes("end"));
});

test("a companion that has nothing to do is ended, and another started when there is", () => {
  const companion = testCompanion("later");
  const vcpu = load(hello, made(companion, 4));
  let exits = 0;
  atExits(vcpu, () => {
    if (companion.answers.length === 0) return;
    companion.deliver();
    if (exits++ === 0) companion.rest();
  });
  assert.deepEqual(runBare(vcpu), expected);
  assert.equal(companion.log.ended, 1);
  const said = kinds(companion.log.requests);
  assert.ok(said.lastIndexOf("begin") > 0, said.join());
});

test("a companion that ends by itself is gone without", () => {
  const companion = testCompanion("later");
  const vcpu = load(hello, made(companion));
  let requests = 0;
  atExits(vcpu, () => {
    if (companion.log.requests.length > 0 && requests === 0) {
      companion.fail();
      requests = companion.log.requests.length;
    }
  });
  assert.deepEqual(runBare(vcpu), expected);
  assert.ok(requests > 0);
  assert.ok(!kinds(companion.log.requests.slice(requests)).includes("want"));
});
