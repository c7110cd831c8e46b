// Names of systemd's for cgroups, as folders: managers write SLICE:PREFIX:NAME where the parent is a slice. systemd.slice(5).

/** `a-b.slice:p:n` is `/a.slice/a-b.slice/p-n.scope`; other paths stay as they are. */
export function slicePath(path: string): string {
  const [slice = "", prefix = "", name, more] = path.split(":");
  if (name === undefined || more !== undefined || !slice.endsWith(".slice")) return path;
  const isWhole = /\.(scope|service|slice)$/.test(name);
  return `${sliceFolder(slice)}/${isWhole ? name : `${prefix}-${name}.scope`}`;
}

/** `a-b.slice` is `/a.slice/a-b.slice`; `-.slice` is the root's. */
export function sliceFolder(slice: string): string {
  if (slice === "-.slice") return "";
  const words = slice.slice(0, -".slice".length).split("-");
  return words.map((_, i) => `/${words.slice(0, i + 1).join("-")}.slice`).join("");
}
