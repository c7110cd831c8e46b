// containerd's configuration with this runtime in it, and without: a table between two lines of ours at the file's end, all else as it
// was. containerd, "CRI Plugin Config Guide".
import { Solo5Error } from "../../bytes/error.js";

const begin = "# solo5-oci: from here on it is its own";
const end = "# solo5-oci: until here";

export interface RuntimeEntry {
  /** What RuntimeClasses call it. */
  readonly handler: string;
  /** The runtime's program. */
  readonly program: string;
}

/** The plugin that is CRI, by the configuration's version. */
const plugins: Readonly<Record<string, string>> = {
  1: "cri",
  2: "io.containerd.grpc.v1.cri",
  3: "io.containerd.cri.v1.runtime",
};

/** `text` is empty where there is no file yet. Throws Solo5Error for one that it cannot be put into. */
export function withRuntime(text: string, { handler, program }: RuntimeEntry, path: string): string {
  const refuse = (reason: string) => new Solo5Error("CONFIG", `${path}: ${reason}`);
  if (!/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(handler))
    throw new Solo5Error("CONFIG", `--handler: '${handler}' is no name that a RuntimeClass may have`);
  const rest = withoutRuntime(text);
  const given = /^\s*version\s*=\s*(\d+)/m.exec(rest)?.[1];
  // Without a version it is the first; a new file is of the one that every containerd reads.
  const version = given ?? (rest.trim() === "" ? "2" : "1");
  const plugin = plugins[version];
  if (plugin === undefined) throw refuse(`version ${version} is not known`);
  const disabled = /^\s*disabled_plugins\s*=\s*\[[^\]]*"(?:io\.containerd\.grpc\.v1\.)?cri"/m;
  if (disabled.test(rest)) throw refuse("CRI is disabled there: take it out of disabled_plugins");
  const runtimes = `plugins."${plugin}".containerd.runtimes`;
  const isThere = (name: string): boolean =>
    new RegExp(`^\\s*\\[\\s*plugins\\.["']?${plugin.replaceAll(".", "\\.")}["']?\\.containerd\\.runtimes\\.["']?${name}["']?\\s*\\]`, "m").test(rest); // prettier-ignore
  if (isThere(handler)) throw refuse(`there is a runtime ${handler} that somebody else has put there`);
  // What kubelet and the other runtimes do with cgroups, this one has to do.
  const isSystemd = /^\s*SystemdCgroup\s*=\s*true/m.test(rest);
  // A file that names any has none of those that containerd has by itself: also not runc, its default.
  const hasOthers = /^\s*\[\s*plugins\.[^\n]*\.containerd\.runtimes\./m.test(rest);
  const lines = [
    begin,
    ...(rest.trim() === "" ? [`version = ${version}`] : []),
    ...(hasOthers ? [] : [`[${runtimes}.runc]`, `  runtime_type = "io.containerd.runc.v2"`]),
    `[${runtimes}.${handler}]`,
    `  runtime_type = "io.containerd.runc.v2"`,
    `  pod_annotations = ["org.solo5.*"]`,
    `  container_annotations = ["org.solo5.*"]`,
    `  [${runtimes}.${handler}.options]`,
    `    BinaryName = ${JSON.stringify(program)}`,
    ...(isSystemd ? [`    SystemdCgroup = true`] : []),
    end,
  ];
  return `${rest}${rest === "" || rest.endsWith("\n") ? "" : "\n"}${lines.join("\n")}\n`;
}

/** What was there before. */
export function withoutRuntime(text: string): string {
  const from = text.indexOf(begin);
  if (from < 0) return text;
  const to = text.indexOf(end, from);
  return `${text.slice(0, from)}${to < 0 ? "" : text.slice(to + end.length).replace(/^\n/, "")}`;
}
