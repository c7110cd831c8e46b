// Pods through containerd's CRI, as a kubelet makes them: what tests and benchmarks share.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { packLayout, writeLayout } from "../../src/oci/image/layout.js";
import { until } from "../until.js";
import { isSmall, runtimeCommand } from "./bundle.js";
import { removeCgroups } from "./cgroups.js";
import { criClient, type CriClient } from "./cri-client.js";
import { linuxProgram } from "./linux-program.js";
import { startContainerd, type Rig } from "./managers.js";
import type { Message } from "./protobuf.js";

/** An image whose program does nothing, as registry.k8s.io/pause is one. */
function pauseImage({ folder }: Rig): string {
  const layout = mkdtempSync(join(folder, "pause-"));
  const program = { name: "pause", content: readFileSync(linuxProgram(folder)), isExecutable: true };
  const image = { isa: process.arch === "x64" ? "x86-64" : "aarch64", layers: [[program]], entrypoint: ["/pause"], cmd: [], labels: {} } as const;
  const path = join(folder, "pause.tar");
  packLayout(layout, writeLayout(layout, [image], "localhost/pause:1", 0), 0, openSync(path, "w"));
  return path;
} // prettier-ignore

/** With the runtime as `install` puts it on a node. */
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
      BinaryName = "${isSmall() ? runtimeCommand()[0] : rig.runtime}"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
`;

export interface Kubelet extends Disposable {
  readonly cri: CriClient;
  /** What ctr begins with. */
  readonly ctr: readonly string[];
}

/** containerd with CRI and these images, and the pause container's, beside a bridge of its own. */
export async function startKubelet(rig: Rig, images: readonly string[]): Promise<Kubelet> {
  mkdirSync(join(rig.folder, "cni"));
  const bridge = { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: false, ipam: { type: "host-local", ranges: [[{ subnet: "10.66.0.0/24" }]], routes: [{ dst: "0.0.0.0/0" }], dataDir: join(rig.folder, "ipam") } };
  writeFileSync(join(rig.folder, "cni/10-net.conflist"), JSON.stringify({ cniVersion: "0.4.0", name: "pods", plugins: [bridge] }));
  const ctr = [...(await startContainerd(rig, settings(rig))), "--namespace", "k8s.io"];
  for (const path of [pauseImage(rig), ...images]) await rig.done("ctr", [...ctr, "images", "import", path]);
  const cri = criClient(join(rig.folder, "containerd.sock"));
  await until("CRI is ready", () => cri.call("Version", {}).then(() => true, () => false));
  return { cri, ctr, [Symbol.dispose]: () => cri[Symbol.dispose]() };
} // prettier-ignore

/** Where pods' logs are; what a kubelet has made and they do not remove, their common cgroup and these folders. */
const logs = (name: string): string => join(tmpdir(), `solo5-cri-${process.pid}-${name}`);
export function removePodTraces(): void {
  removeCgroups(`solo5-${process.pid}`);
  const own = basename(logs(""));
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(own)))
    rmSync(join(tmpdir(), name), { recursive: true });
}

export const pod = (name: string): Message => ({
  1: { 1: name, 2: `${name}-uid`, 3: "default" },
  3: logs(name),
  8: { 1: `/solo5-${process.pid}` },
});

export async function startPod(
  cri: CriClient,
  name: string,
  handler = "solo5",
): Promise<{ readonly id: string; readonly ip: string }> {
  mkdirSync(String(pod(name)[3]), { recursive: true });
  const id = (await cri.call("RunPodSandbox", { 1: pod(name), 2: handler })).text(1);
  const status = (await cri.call("PodSandboxStatus", { 1: id })).message(1);
  return { id, ip: status.message(5).text(1) };
}

/** A container of a pod, started. */
export async function startContainer(cri: CriClient, sandbox: string, podName: string, name: string, image: string, devices: readonly Message[] = []): Promise<string> {
  const config: Message = { 1: { 1: name }, 2: { 1: image }, 11: `${name}.log`, 15: { 1: { 4: 64 * 2 ** 20 } }, 8: devices };
  const id = (await cri.call("CreateContainer", { 1: sandbox, 2: config, 3: pod(podName) })).text(1);
  await cri.call("StartContainer", { 1: id });
  return id;
} // prettier-ignore

/** Bytes that pods take beside their containers, by the kernel's count: each sandbox's own cgroup. */
export function sandboxBytes(containers: readonly string[]): readonly number[] {
  const isUnified = existsSync("/sys/fs/cgroup/cgroup.procs");
  const parent = join("/sys/fs/cgroup", isUnified ? "" : "memory", `solo5-${process.pid}`);
  const file = isUnified ? "memory.current" : "memory.usage_in_bytes";
  return readdirSync(parent, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !containers.includes(entry.name))
    .map(({ name }) => Number(readFileSync(join(parent, name, file), "latin1")));
}

export interface PodsRun {
  /** Milliseconds until the last container had been started. */
  readonly msecs: number;
  readonly containers: readonly string[];
  /** Stops and removes all of them. */
  remove(): Promise<void>;
}

/** As a kubelet does it: so many pods in work at once. */
const workers = 8;

/** Makes pods with a container each, all at once. */
export async function startPods(cri: CriClient, names: readonly string[], handler: string, image: string): Promise<PodsRun> {
  const pods: { readonly id: string; readonly container: string }[] = [];
  const each = async <T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> => {
    const left = [...all];
    const worker = async (): Promise<void> => {
      for (let one; (one = left.shift()) !== undefined;) await work(one);
    };
    await Promise.all(Array.from({ length: workers }, worker));
  };
  const begin = performance.now();
  await each(names, async (name) => {
    const { id } = await startPod(cri, name, handler);
    pods.push({ id, container: await startContainer(cri, id, name, "main", image) });
  });
  return {
    msecs: performance.now() - begin,
    containers: pods.map(({ container }) => container),
    remove: () =>
      each(pods, async ({ id, container }) => {
        await cri.call("StopContainer", { 1: container, 2: 10 });
        await cri.call("RemoveContainer", { 1: container });
        await cri.call("StopPodSandbox", { 1: id });
        await cri.call("RemovePodSandbox", { 1: id });
      }),
  };
} // prettier-ignore
