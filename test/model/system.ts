// A system for tests: what drivers of hypervisors ask of the one under them, with devices that are models. It holds drivers to what they
// owe: nothing stays open or mapped, nothing is closed twice, and every call can be made to fail once.
import assert from "node:assert/strict";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import type { System } from "../../src/hypervisor/system.js";
import { newGuestMemory } from "./machine.js";
import { newAddressSpace, pokeArena, type AddressSpace, type MappedObject } from "./memory.js";

/** What a call of the system's fails with, by name. */
export class ModelError extends Error {
  readonly errorName: string;
  constructor(errorName: string) {
    super(errorName);
    this.errorName = errorName;
  }
}

/** A file that is open. */
export interface ModelFile {
  /** Throws ModelError where it fails. */
  ioctl?(request: number, arg: Uint8Array | number): number;
  /** What mmap(2) of it maps. */
  mapped?(size: number): MappedObject;
  truncate?(size: number): void;
  close?(): void;
}

/** What a model has of the process that it is in. */
export interface ModelProcess {
  readonly space: AddressSpace;
  /** A file that the process gets a descriptor of. */
  open(file: ModelFile): number;
  /** The file behind a descriptor of this thread's. */
  file(fd: number): ModelFile;
  /** Bytes that threads share, zero, for a mapping. */
  sharedBytes(size: number): Uint8Array;
  /** Numbers that threads share, for the model's own use. */
  readonly words: Int32Array;
}

export interface ModelDevices {
  /** Opens a device. Throws ModelError. */
  open(path: string): ModelFile;
  /** What the model itself must not have any more. */
  assertNothingLeft?(): void;
  /** Of the system. None by default. */
  readonly release?: string;
  /** By default there is no root. */
  readonly isRoot?: boolean;
  sysctl?(name: string, old: Uint8Array | undefined, value: Uint8Array | undefined): number;
}

/** A call that is to fail: the `at`th that can, with `error`. */
export interface Fault {
  readonly at: number;
  readonly error: string;
}

export interface ModelSystem extends System {
  /** The names of the calls that were made, and can fail. */
  readonly calls: readonly string[];
  /** Nothing is open or mapped. Throws AssertionError. */
  assertNothingLeft(): void;
}

const firstDescriptor = 0x4000;
const descriptors = 64;
const words = 64;
const arenaSize = 1 << 20;

/** Shared by the threads of a process. */
interface Shared {
  readonly arena: SharedArrayBuffer;
  readonly words: SharedArrayBuffer;
}
const key = "solo5 model";

function shared(): Shared {
  const given = getEnvironmentData(key) as Shared | undefined;
  if (given !== undefined) return given;
  const made: Shared = {
    arena: new SharedArrayBuffer(arenaSize),
    words: new SharedArrayBuffer(4 * (descriptors + words + 1)),
  };
  setEnvironmentData(key, made as never);
  return made;
}

const requestNames = new Map<number, string>();
/** The same text each time: a guest makes a hundred thousand a second. */
function requestName(request: number): string {
  let name = requestNames.get(request);
  if (name === undefined) requestNames.set(request, (name = `ioctl ${request.toString(16)}`));
  return name;
}

/** `make` gives the devices of a process; `isShared` lets all threads of this one be in it. */
export function newModelSystem(
  make: (process: ModelProcess) => ModelDevices,
  { fault, isShared = false }: { readonly fault?: Fault | undefined; readonly isShared?: boolean } = {},
): ModelSystem {
  const { arena, words: all } = isShared
    ? shared()
    : {
        arena: new SharedArrayBuffer(arenaSize),
        words: new SharedArrayBuffer(4 * (descriptors + words + 1)),
      };
  /** Which descriptors are open, in any thread; how much of the arena is used; the model's own. */
  const table = new Int32Array(all, 0, descriptors);
  const used = new Int32Array(all, 4 * descriptors, 1);
  const space = newAddressSpace(arena);
  const files = new Map<number, ModelFile>();
  const calls: string[] = [];
  let error = "";
  let hasBecome = false;
  const isRoot = (): boolean => devices.isRoot === true && !hasBecome;

  const attempt = <T>(name: string, call: () => T, failed: (name: string) => T): T => {
    calls.push(name);
    try {
      if (fault?.at === calls.length) throw new ModelError(fault.error);
      return call();
    } catch (cause) {
      if (!(cause instanceof ModelError)) throw cause;
      error = cause.errorName;
      return failed(error);
    }
  };
  const nodeError = (name: string): never => {
    throw Object.assign(new Error(`${name}: a model's`), { code: name, errno: -1 });
  };
  const process: ModelProcess = {
    space,
    words: new Int32Array(all, 4 * (descriptors + 1), words),
    open(file) {
      const slot = table.findIndex((_, i) => Atomics.compareExchange(table, i, 0, 1) === 0);
      assert.ok(slot >= 0, "too many descriptors");
      files.set(firstDescriptor + slot, file);
      return firstDescriptor + slot;
    },
    file(fd) {
      const file = files.get(fd);
      if (file !== undefined) return file;
      // Another thread's: a device, which each thread may open for itself.
      assert.equal(table[fd - firstDescriptor], 1, `descriptor ${fd} is not open`);
      const own = devices.open("");
      files.set(fd, own);
      return own;
    },
    sharedBytes(size) {
      const at = Atomics.add(used, 0, Math.ceil(size / 4096) * 4096);
      assert.ok(at + size <= arenaSize, "the arena is full");
      return new Uint8Array(arena, at, size).fill(0);
    },
  };
  const devices = make(process);

  return {
    calls,
    assertNothingLeft() {
      assert.equal(
        table.reduce((sum, one) => sum + one, 0),
        0,
        "descriptors are closed",
      );
      assert.equal(space.count, 0, "nothing is mapped");
      devices.assertNothingLeft?.();
    },
    open: (path) => attempt(`open ${path}`, () => process.open(devices.open(path)), nodeError),
    close(fd) {
      assert.equal(table[fd - firstDescriptor], 1, `descriptor ${fd} is closed once`);
      files.get(fd)?.close?.();
      files.delete(fd);
      Atomics.store(table, fd - firstDescriptor, 0);
    },
    ioctl: (fd, request, arg) =>
      attempt(
        requestName(request),
        () => {
          const { ioctl } = process.file(fd);
          if (ioctl === undefined) throw new ModelError("ENOTTY");
          return ioctl(request, arg);
        },
        () => -1,
      ),
    errorName: () => error,
    memoryObject: () =>
      attempt(
        "memfd_create",
        () => {
          let object: MappedObject | undefined;
          return process.open({
            truncate: (size) => void (object = newGuestMemory(size)),
            mapped() {
              assert.ok(object !== undefined, "an object of 0 bytes");
              return object;
            },
          });
        },
        () => -1,
      ),
    truncate: (fd, size) => attempt("ftruncate", () => process.file(fd).truncate?.(size), nodeError),
    map: (fd, size) =>
      attempt(
        "mmap",
        () => {
          const { mapped } = process.file(fd);
          if (mapped === undefined) throw new ModelError("ENODEV");
          return space.map(mapped(size), size);
        },
        () => undefined,
      ),
    mapAnonymous: (size) =>
      attempt(
        "mmap anonymous",
        () => {
          // What is small is for threads to share, the rest is a guest's.
          const object = size <= 4096 ? process.sharedBytes(size) : newGuestMemory(size);
          return space.map(object, size);
        },
        () => undefined,
      ),
    unmap: (address, size) => space.unmap(address, size),
    protect: (address, size, protection) =>
      attempt(
        "mprotect",
        () => {
          space.protect(address, size, protection);
          return 0;
        },
        () => -1,
      ),
    bytesAt: (address, size) => space.bytesAt(address, size),
    addressOf: (data) => space.lend(data),
    poke: (address, byte) => pokeArena(arena, address, byte),
    clearCache() {},
    release: () => devices.release ?? "",
    isRoot,
    accountOf(user) {
      const uid = { nobody: 65534, _vmd: 107 }[user];
      assert.ok(uid !== undefined, user);
      return { uid, gid: uid, home: "/var/empty" };
    },
    becomeUser(account, folder) {
      assert.ok(isRoot(), "only root becomes another");
      calls.push(`become ${account.uid} in ${folder}`);
      hasBecome = true;
    },
    keeper(argv) {
      assert.ok(isRoot(), "what is kept is root's");
      const [program, setting = ""] = argv;
      const [name = "", value = ""] = setting.split("=");
      assert.equal(program, "/sbin/sysctl");
      return () => (devices.sysctl?.(name, undefined, new TextEncoder().encode(`${value}\0`)) ?? -1) >= 0;
    },
    sysctl: (name, old, value) =>
      attempt(
        `sysctl ${String(name)}`,
        () => {
          if (devices.sysctl === undefined) throw new ModelError("ENOENT");
          if (value !== undefined && !isRoot()) throw new ModelError("EPERM");
          return devices.sysctl(String(name), old, value);
        },
        () => -1,
      ),
  };
}
