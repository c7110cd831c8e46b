// Which container is a pod's sandbox.
import type { Config } from "./config/types.js";

/** The container that holds a pod's namespaces, as containerd's CRI, CRI-O and podman mark it. */
export const isSandbox = ({ annotations = {} }: Config): boolean =>
  annotations["io.kubernetes.cri.container-type"] === "sandbox" ||
  annotations["io.kubernetes.cri-o.ContainerType"] === "sandbox" ||
  annotations["io.podman.annotations.infra"] === "TRUE";
