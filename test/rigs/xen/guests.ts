// Guests of Xen as commands for its rig.

/** xl.cfg(5): what is said of a guest beside its type, its CPU and its end. */
export interface Configuration {
  readonly kernel: string;
  readonly ramdisk?: string;
  /** MiB. */
  readonly memory: number;
  /** Its command line. */
  readonly cmdline?: string;
  readonly vif?: readonly string[];
  readonly disk?: readonly string[];
}

const quoted = (line: string): string => `'${line.replaceAll("'", "'\\''")}'`;

/** Runs it to its end; its console is the output. */
export const guest = (name: string, configuration: Configuration): string =>
  ["guest", name, ...Object.entries(configuration).map(([key, value]) => quoted(`${key}=${JSON.stringify(value)}`))].join(" "); // prettier-ignore
