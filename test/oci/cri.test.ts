// Pods as a kubelet makes them, through containerd's CRI: a sandbox whose pause container is a Linux program and goes to runc, unikernels in
// it, probes, logs, figures, the end. There is no kubelet here: this is its side of the socket.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packLayout, writeLayout } from "../../src/oci/image/layout.js";
import { selfTest } from "../command.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";
import { until } from "../until.js";
import { criClient, type CriClient } from "./cri-client.js";
import { createRig, startContainerd, type Rig } from "./managers.js";
import { linuxProgram } from "./linux-program.js";
import type { Message } from "./protobuf.js";
import { buildWaiting } from "./programs.js";

const skip = needsAll(needs.containers(), needs.program("gcc"));
const { nic } = await buildWaiting("cri");
const web = join(projectRoot, "dist/guest/demo/web.spt");
const state = { created: 0, running: 1, exited: 2 } as const;

/** An image whose program does nothing, as registry.k8s.io/pause is one. */
function pauseImage({ folder }: Rig): string {
  const layout = mkdtempSync(join(folder, "pause-"));
  const program = { name: "pause", content: readFileSync(linuxProgram(folder)), isExecutable: true };
  const image = { isa: process.arch === "x64" ? "x86-64" : "aarch64", layers: [[program]], entrypoint: ["/pause"], cmd: [], labels: {} } as const;
  const path = join(folder, "pause.tar");
  packLayout(layout, writeLayout(layout, [image], "localhost/pause:1", 0), 0, openSync(path, "w"));
  return path;
} // prettier-ignore

const settings = (rig: Rig): string => `
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(rig.folder, "cni")}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    default_runtime_name = "solo5"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.solo5]
    runtime_type = "io.containerd.runc.v2"
    pod_annotations = ["org.solo5.*"]
    container_annotations = ["org.solo5.*"]
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.solo5.options]
      BinaryName = "${rig.runtime}"
`;

const pod = (name: string): Message => ({
  1: { 1: name, 2: `${name}-uid`, 3: "default" },
  3: `/tmp/solo5-cri-${process.pid}-${name}`,
  8: { 1: `/solo5-${process.pid}` },
});

async function startPod(cri: CriClient, name: string): Promise<{ readonly id: string; readonly ip: string }> {
  mkdirSync(String(pod(name)[3]), { recursive: true });
  const id = (await cri.call("RunPodSandbox", { 1: pod(name), 2: "solo5" })).text(1);
  const status = (await cri.call("PodSandboxStatus", { 1: id })).message(1);
  return { id, ip: status.message(5).text(1) };
}

/** A container of a pod, started. */
async function startContainer(cri: CriClient, sandbox: string, podName: string, name: string, image: string, devices: readonly Message[] = []): Promise<string> {
  const config: Message = { 1: { 1: name }, 2: { 1: image }, 11: `${name}.log`, 15: { 1: { 4: 64 * 2 ** 20 } }, 8: devices };
  const id = (await cri.call("CreateContainer", { 1: sandbox, 2: config, 3: pod(podName) })).text(1);
  await cri.call("StartContainer", { 1: id });
  return id;
} // prettier-ignore

test("a pod of a unikernel, from its sandbox to nothing", { skip }, async () => {
  await using rig = createRig();
  mkdirSync(join(rig.folder, "cni"));
  const bridge = { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: false, ipam: { type: "host-local", ranges: [[{ subnet: "10.66.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }], dataDir: join(rig.folder, "ipam") } };
  writeFileSync(join(rig.folder, "cni/10-net.conflist"), JSON.stringify({ cniVersion: "0.4.0", name: "pods", plugins: [bridge] }));
  const ctr = [...(await startContainerd(rig, settings(rig))), "--namespace", "k8s.io"];
  for (const path of [pauseImage(rig), await rig.image("web", web), await rig.image("nic", nic), await rig.image("blk", selfTest("test_blk.spt"))])
    await rig.done("ctr", [...ctr, "images", "import", path]);
  using cri = criClient(join(rig.folder, "containerd.sock"));
  await until("CRI is ready", () => cri.call("Version", {}).then(() => true, () => false));
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
  // The pods' common cgroup was made for them, as kubepods is by a kubelet.
  execFileSync("find", ["/sys/fs/cgroup", "-depth", "-type", "d", "-name", `solo5-${process.pid}`, "-exec", "rmdir", "{}", "+"]);
}); // prettier-ignore
