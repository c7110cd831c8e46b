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
import { createRig, type Rig } from "./managers.js";
import {
  pod,
  removePodTraces,
  sandboxBytes,
  startContainer,
  startKubelet,
  startPod,
  startPods,
} from "./pods.js";
import type { Message } from "./protobuf.js";
import { buildTelling, buildWaiting } from "./programs.js";

const skip = needsAll(needs.containers(), needs.program("gcc"));
const { nic, wait } = await buildWaiting("cri");
const web = join(projectRoot, "dist/guest/demo/web.spt");
const streamClient = join(projectRoot, "dist/test/oci/stream.js");
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
  removePodTraces();
}); // prettier-ignore

/** What came on each channel of a URL of CRI's until one ended with `end`, or containerd closed it. */
async function stream(rig: Rig, url: string, text = "", end = ""): Promise<readonly (string | null)[]> {
  const { status, stdout, stderr } = await rig.execute(process.execPath, [streamClient, url, text, end]);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as readonly (string | null)[];
}

test("streams: a port is forwarded, output is attached, exec says why not", { skip }, async () => {
  await using rig = createRig();
  const images = [await rig.image("web", web), await rig.image("tell", await buildTelling("cri"))];
  using kubelet = await startKubelet(rig, images);
  const { cri } = kubelet;
  const urlOf = async (method: string, request: Message) => (await cri.call(method, request)).text(1);
  const ports = await startPod(cri, "ports");
  await startContainer(cri, ports.id, "ports", "web", "localhost/web:latest");
  // containerd connects to localhost of the pod's namespace, for each connection anew.
  const says = "A unikernel says hello.\n";
  for (const _ of [1, 2]) {
    const url = await urlOf("PortForward", { 1: ports.id, 2: 80 });
    const [data = ""] = await stream(rig, `${url}?port=80`, "GET / HTTP/1.0\r\n\r\n", says);
    // The port's number comes first, low byte first.
    assert.match(data ?? "", /^P\0HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\nA unikernel says hello\.\n$/);
  }
  const closed = await urlOf("PortForward", { 1: ports.id, 2: 81 });
  assert.match((await stream(rig, `${closed}?port=81`, "", "refused"))[1] ?? "", /^Q\0[^]*81[^]*connection refused/);

  const pod = await startPod(cri, "streams");
  const container = await startContainer(cri, pod.id, "streams", "tell", "localhost/tell:latest");
  const exec = await stream(rig, await urlOf("Exec", { 1: container, 2: ["ls"], 5: 1, 6: 1 }));
  const told = JSON.parse(exec[3] ?? "") as { readonly status: string; readonly message: string };
  assert.equal(told.status, "Failure");
  assert.match(told.message, /it is a unikernel, which has one program/);
  const tells = "A frame has come.\n";
  let isAttached = false;
  const attached = stream(rig, await urlOf("Attach", { 1: container, 4: 1, 5: 1 }), "", tells);
  void attached.finally(() => (isAttached = true));
  await until("it has told of a frame", async () => {
    await rig.execute("ping", ["-c", "1", "-W", "1", pod.ip]);
    return isAttached;
  });
  assert.equal((await attached)[1]?.endsWith(tells), true);
  for (const { id } of [ports, pod]) {
    await cri.call("StopPodSandbox", { 1: id });
    await cri.call("RemovePodSandbox", { 1: id });
  }
  removePodTraces();
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
  removePodTraces();
});
