// The modules of TypeScript unikernels.

declare module "solo5:process" {
  /** The words of the command line. */
  export function args(): string[];
  /** Ends the program at once; the status's lowest 8 bits are seen. */
  export function exit(status?: number): never;
}

declare module "solo5:block" {
  export interface BlockDevice {
    readonly name: string;
    /** Bytes in all. */
    readonly capacity: number;
    /** Bytes of a block. */
    readonly blockSize: number;
    /** Reads whole blocks from the one with number `block`. */
    read(block: number, count?: number): Promise<Uint8Array<ArrayBuffer>>;
    /** Writes whole blocks from the one with number `block`; when it resolves they are with the host. */
    write(block: number, data: Uint8Array): Promise<void>;
  }
  /**
   * Declares a block device. The build sees what is declared at the top of a module, before anything there needs the
   * unikernel; other devices are named in package.json: `"solo5": { "block": ["storage"] }`.
   */
  export function open(name: string): BlockDevice;
}

declare module "solo5:net" {
  export interface NetDevice {
    readonly name: string;
    /** The hardware address, 6 bytes. */
    readonly mac: Uint8Array;
    /** Bytes of a frame's payload. */
    readonly mtu: number;
    /** Sends an Ethernet frame; false where the host does not take it now. */
    send(frame: Uint8Array): boolean;
    /** Has every frame that arrives given to `receive`, and keeps the program alive; `undefined` ends that. */
    onFrame(receive: ((frame: Uint8Array<ArrayBuffer>) => void) | undefined): void;
  }
  /** Declares a network device, as `open` of `solo5:block` does. */
  export function open(name: string): NetDevice;
}

declare module "solo5:fs" {
  /** Reads a file of the tree that `solo5 build --files` was given. Paths are relative to its top. */
  export function readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  export function readTextFile(path: string): Promise<string>;
  /** Names in a folder, sorted. */
  export function readDir(path?: string): Promise<string[]>;
  export function exists(path: string): Promise<boolean>;

  export interface Tree {
    readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
    readTextFile(path: string): Promise<string>;
    readDir(path?: string): Promise<string[]>;
    exists(path: string): Promise<boolean>;
  }
  /** The files of a tar archive on a block device, read-only. Declares the device, as `open` of `solo5:block` does. */
  export function mount(name: string): Tree;
}
