// features: what this runtime can, for managers that ask. OCI Runtime Specification, "Features".
import { hookKinds } from "./config/types.js";

export const features = {
  ociVersionMin: "1.0.0",
  ociVersionMax: "1.2.0",
  hooks: hookKinds,
  mountOptions: ["bind", "rbind", "ro", "rw"],
  linux: {
    namespaces: ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
    capabilities: [],
    cgroup: { v1: true, v2: true, systemd: true, systemdUser: true, rdma: false },
    seccomp: { enabled: false },
    apparmor: { enabled: false },
    selinux: { enabled: false },
    intelRdt: { enabled: false },
    mountExtensions: { idmap: { enabled: false } },
  },
  annotations: { "org.solo5.runtime": "solo5-oci" },
  potentiallyUnsafeConfigAnnotations: ["org.solo5."],
} as const;
