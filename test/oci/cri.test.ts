// Pods as a kubelet makes them, through containerd's CRI: a sandbox whose pause container is a Linux program and goes to runc, unikernels in
// it, probes, logs, figures, the end. There is no kubelet here: this is its side of the socket.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { selfTest } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { until } from "../until.js";
import { createRig } from "./managers.js";
import {
  pod,
  removePodCgroups,
  sandboxBytes,
  startContainer,
  startKubelet,
  startPod,
  startPods,
} from "./pods.js";
import type { Message } from "./protobuf.js";
import { buildWaiting } from "./programs.js";

const skip = needsAll(needs.containers(), needs.program("gcc"));
const { nic, wait } = await buildWaiting("cri");
const web = join(projectRoot, "dist/guest/demo/web.spt");
const state = { created: 0, running: 1, exited: 2 } as const;

test("a pod of a unikernel, from its sandbox to nothing", { skip }, async () => {
  await using rig = createRig();
  using kubelet = await startKubelet(rig, [await rig.image("web", web), await rig.image("nic", nic), await rig.image("blk", selfTest("test_blk.spt"))]);
  const { cri, ctr } = kubelet;
  const first = await startPod(cri, "one");
  const container = await startContainer(cri, first.id, "one", "web", "localhost/web:latest");
  const statusOf = async (id: string) => (await cri.call("ContainerStatus", { 1: id })).message(1);
  assert.equal((await statusOf(container)).number(3), state.running);
  // A readiness probe by HTTP, from the node.
  const probe = () => rig.execute("curl", ["-sS", "--max-time", "5", `http://${first.ip}/`]);
  await until("the probe succeeds", async () => (await probe()).stdout === "A unikernel says hello.\n");
  await assert.rejects(cri.call("ExecSync", { 1: container, 2: ["ls"] }), /it is a unikernel, which has one program/);
  const log = join(String(pod("one")[3]), "web.log");
  await until("the log has its output", () => readFileSync(log, "utf8").includes(" stdout F Serving\n"));
  assert.match(readFileSync(log, "utf8"), /Memory map: 62 MB/);
  const memory = (await cri.call("ContainerStats", { 1: container })).message(1).message(3).message(2).number(1);
  assert.ok(memory > 0 && memory < 16 * 2 ** 20, `${memory} bytes`);

  // A block volume, as a kubelet passes it.
  const volume = join(rig.folder, "volume");
  writeFileSync(volume, new Uint8Array(0x10000));
  const loop = execFileSync("losetup", ["--find", "--show", volume], { encoding: "utf8" }).trim();
  try {
    const device: Message = { 1: "/dev/storage", 2: loop, 3: "mrw" };
    const disk = await startContainer(cri, first.id, "one", "disk", "localhost/blk:latest", [device]);
    await until("it has ended", async () => (await statusOf(disk)).number(3) === state.exited);
    assert.equal((await statusOf(disk)).number(7), 0);
    assert.match(readFileSync(join(String(pod("one")[3]), "disk.log"), "utf8"), /SUCCESS/);
    await cri.call("RemoveContainer", { 1: disk });
  } finally {
    execFileSync("losetup", ["--detach", loop]);
  }

  // A second unikernel has no interface of its own; another pod has one, and reaches the first.
  await assert.rejects(startContainer(cri, first.id, "one", "second", "localhost/nic:latest"), /each interface of the network namespace belongs to another device or unikernel/);
  const other = await startPod(cri, "two");
  assert.notEqual(other.ip, first.ip);
  const waiting = await startContainer(cri, other.id, "two", "nic", "localhost/nic:latest");
  await cri.call("StopContainer", { 1: waiting, 2: 10 });
  assert.equal((await statusOf(waiting)).number(7), 143);

  // A restart in the same sandbox, as after a crash.
  await cri.call("StopContainer", { 1: container, 2: 10 });
  const ended = await statusOf(container);
  assert.deepEqual([ended.number(3), ended.number(7)], [state.exited, 143]);
  await cri.call("RemoveContainer", { 1: container });
  const again = await startContainer(cri, first.id, "one", "web", "localhost/web:latest");
  await until("the probe succeeds again", async () => (await probe()).status === 0);
  await cri.call("StopContainer", { 1: again, 2: 10 });
  for (const { id } of [first, other]) {
    await cri.call("StopPodSandbox", { 1: id });
    await cri.call("RemovePodSandbox", { 1: id });
  }
  const { stdout } = await rig.execute("ctr", [...ctr, "container", "ls", "-q"]);
  assert.equal(stdout, "");
  removePodCgroups();
}); // prettier-ignore

test("ten pods at once", { skip }, async () => {
  await using rig = createRig();
  using kubelet = await startKubelet(rig, [await rig.image("wait", wait)]);
  const { cri, ctr } = kubelet;
  const names = Array.from({ length: 10 }, (_, i) => `many${i}`);
  const pods = await startPods(cri, names, "solo5", "localhost/wait:latest");
  for (const container of pods.containers) {
    const status = (await cri.call("ContainerStatus", { 1: container })).message(1);
    assert.equal(status.number(3), state.running);
  }
  // What a RuntimeClass adds for a pod beside its containers.
  const document = readFileSync(join(projectRoot, "docs/containers.md"), "utf8");
  const podFixed = Number(/podFixed: \{ memory: (\d+)Mi \}/.exec(document)?.[1]) * 2 ** 20;
  const bytes = sandboxBytes(pods.containers);
  assert.equal(bytes.length, names.length);
  assert.ok(Math.max(...bytes) <= podFixed, `${bytes.join()} of ${podFixed}`);
  await pods.remove();
  assert.equal((await rig.execute("ctr", [...ctr, "container", "ls", "-q"])).stdout, "");
  removePodCgroups();
});
