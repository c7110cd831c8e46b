// spt's system calls for a trace: numbers, names and arguments are those of src/abi/spt.ts.
import type { Isa } from "../../abi/elf.js";
import {
  argumentRegisters,
  callRegisters,
  clockId,
  itimerspec,
  syscallArguments,
  syscalls,
  timespec,
  type SyscallName,
} from "../../abi/spt.js";
import { viewOf } from "../../bytes/struct.js";
import { hex } from "../../bytes/text.js";
import { descriptorsOf } from "../../targets/spt/layout.js";
import type { TracedCall, Describer } from "./trace.js";
import { quoted } from "./values.js";

type Arguments = Readonly<Record<string, bigint>>;
const fraction = (nsec: bigint): string => String(nsec).padStart(9, "0");

export const describeSyscalls =
  (isa: Isa): Describer =>
  (guest, { memory, registers }) => {
    const names = new Map<number | null, SyscallName>(
      (Object.keys(syscalls[isa]) as SyscallName[]).map((name) => [syscalls[isa][name], name]),
    );
    const numbers = descriptorsOf(guest);
    const deviceNames = new Map(
      guest.devices.map(({ handle, name }) => [BigInt(numbers.devices.get(handle) ?? -1), name] as const),
    );
    const timeAt = (address: bigint, offset = 0): string => {
      const bytes = memory.bytes(address + BigInt(offset), timespec.size);
      if (bytes === undefined) return hex(address);
      const { sec, nsec } = timespec.read(viewOf(bytes), 0);
      return `${sec}.${fraction(nsec)}`;
    };
    const text = (address: bigint, size: bigint): string => {
      const bytes = memory.bytes(address, size);
      return bytes === undefined ? hex(address) : quoted(bytes);
    };
    const clocks = new Map(Object.entries(clockId).map(([name, id]) => [BigInt(id), name] as const));
    /** Arguments that mean more than a number. */
    const meanings: Readonly<Record<string, (value: bigint) => string>> = {
      fd: (value) => deviceNames.get(value) ?? String(value),
      data: hex,
      events: hex,
      address: hex,
      code: hex,
      clock: (value) => clocks.get(value) ?? String(value),
      timeoutMsecs: (value) => String(BigInt.asIntN(32, value)),
      itimerspec: (value) => timeAt(value, itimerspec.offsets.value),
      timespec: hex,
    };
    const isWrite = (name: SyscallName): boolean => name === "write" || name === "pwrite64";
    const isRead = (name: SyscallName): boolean => name === "read" || name === "pread64";

    return (exit): TracedCall | undefined => {
      if (exit.kind !== "syscall") return undefined;
      const nr = registers.get(callRegisters[isa].nr);
      const name = names.get(Number(nr));
      if (name === undefined) return { text: `syscall ${nr}`, result: () => undefined };
      const args: Arguments = Object.fromEntries(
        syscallArguments[name].map((argument, i) => [
          argument,
          registers.get(argumentRegisters[isa][i] ?? ""),
        ]),
      );
      const { data = 0n, size = 0n, timespec: time = 0n } = args;
      const given = Object.entries(args).map(([argument, value]) =>
        argument === "data" && isWrite(name)
          ? text(data, size)
          : (meanings[argument]?.(value) ?? String(value)),
      );
      return {
        text: `${name}(${given.join(", ")})`,
        result() {
          const value = BigInt.asIntN(64, registers.get(callRegisters[isa].result));
          if (name === "clock_gettime" && value === 0n) return timeAt(time);
          return isRead(name) && value > 0n ? `${value} ${text(data, value)}` : String(value);
        },
      };
    };
  };
