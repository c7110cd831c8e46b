// config.json as the runtime reads it, after `checkConfig`: what fields.ts calls honoured.

export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface Hook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly timeout?: number;
}

export const hookKinds = [
  "prestart",
  "createRuntime",
  "createContainer",
  "startContainer",
  "poststart",
  "poststop",
] as const;
export type HookKind = (typeof hookKinds)[number];
export type Hooks = { readonly [K in HookKind]?: readonly Hook[] };

export interface Mount {
  readonly destination: string;
  readonly type?: string;
  readonly source?: string;
  readonly options?: readonly string[];
}

export interface DeviceNode {
  readonly type: string;
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
}

export interface DeviceRule {
  readonly allow: boolean;
  readonly type?: string;
  readonly major?: number;
  readonly minor?: number;
  readonly access?: string;
}

interface Throttle {
  readonly major: number;
  readonly minor: number;
  readonly rate?: number;
}

export interface Resources {
  readonly devices?: readonly DeviceRule[];
  readonly memory?: {
    readonly limit?: number;
    readonly reservation?: number;
    readonly swap?: number;
    readonly swappiness?: number;
    readonly disableOOMKiller?: boolean;
  };
  readonly cpu?: {
    readonly shares?: number;
    readonly quota?: number;
    readonly burst?: number;
    readonly period?: number;
    readonly cpus?: string;
    readonly mems?: string;
    readonly idle?: number;
  };
  readonly pids?: { readonly limit?: number };
  readonly blockIO?: {
    readonly weight?: number;
    readonly throttleReadBpsDevice?: readonly Throttle[];
    readonly throttleWriteBpsDevice?: readonly Throttle[];
    readonly throttleReadIOPSDevice?: readonly Throttle[];
    readonly throttleWriteIOPSDevice?: readonly Throttle[];
  };
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: number }[];
  readonly network?: {
    readonly classID?: number;
    readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
  };
  readonly unified?: Readonly<Record<string, string>>;
}

export interface Rlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

export interface Namespace {
  readonly type: string;
  readonly path?: string;
}

interface TimeOffset {
  readonly secs?: number;
  readonly nanosecs?: number;
}

export interface Config {
  readonly ociVersion: string;
  readonly root: { readonly path: string; readonly readonly?: boolean };
  readonly mounts?: readonly Mount[];
  readonly process: {
    readonly terminal?: boolean;
    readonly consoleSize?: { readonly height?: number; readonly width?: number };
    readonly cwd: string;
    readonly env?: readonly string[];
    readonly args: readonly string[];
    readonly user?: {
      readonly uid?: number;
      readonly gid?: number;
      readonly additionalGids?: readonly number[];
    };
    readonly rlimits?: readonly Rlimit[];
    readonly oomScoreAdj?: number;
  };
  readonly hostname?: string;
  readonly domainname?: string;
  readonly hooks?: Hooks;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: {
    readonly namespaces?: readonly Namespace[];
    readonly uidMappings?: readonly IdMapping[];
    readonly gidMappings?: readonly IdMapping[];
    readonly timeOffsets?: { readonly monotonic?: TimeOffset; readonly boottime?: TimeOffset };
    readonly devices?: readonly DeviceNode[];
    readonly cgroupsPath?: string;
    readonly resources?: Resources;
    readonly sysctl?: Readonly<Record<string, string>>;
  };
}
