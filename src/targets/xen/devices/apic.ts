// The local APIC of a domain, as far as vectors of events need it: requests, priorities, ends of interrupts. Intel SDM volume 3,
// chapter 11.
import { stateIn, type Stateful } from "../../../bytes/plain.js";

export const apicBase = 0xfee0_0000;
export const apicSize = 0x1000;

const register = { id: 0x20, version: 0x30, taskPriority: 0x80, eoi: 0xb0, spurious: 0xf0, inService: 0x100, requests: 0x200, requestsEnd: 0x280 } as const; // prettier-ignore
/** Six entries in the local vector table, version 0x14. */
const version = 0x0005_0014;
const softwareEnable = 0x100;
/** Vectors below are the CPU's own. */
const vectorMin = 16;

export interface Apic {
  /** An interrupt of that vector has come. */
  request(vector: number): void;
  /** The vector to interrupt with now. */
  readonly pending: number | undefined;
  /** What the CPU asks when it takes the interrupt. */
  acknowledge(): number | undefined;
  load(offset: number): number;
  store(offset: number, value: number): void;
  readonly stateful: Stateful;
}

const highest = (vectors: readonly number[]): number => (vectors.length === 0 ? -1 : Math.max(...vectors));
const priority = (vector: number): number => vector >> 4;

export function createApic(): Apic {
  const state = {
    requests: [] as number[],
    inService: [] as number[],
    /** Registers that are only kept. */
    kept: {} as Record<number, number>,
  };
  const kept = (offset: number): number => state.kept[offset] ?? 0;
  const bits = (vectors: readonly number[], word: number): number =>
    vectors.reduce((sum, vector) => (vector >> 5 === word ? sum | (1 << (vector & 31)) : sum), 0) >>> 0;
  const pending = (): number | undefined => {
    if ((kept(register.spurious) & softwareEnable) === 0) return undefined;
    const vector = highest(state.requests);
    const held = Math.max(priority(kept(register.taskPriority) & 0xff), priority(highest(state.inService)));
    return vector >= 0 && priority(vector) > held ? vector : undefined;
  };
  return {
    request(vector) {
      if (vector >= vectorMin && !state.requests.includes(vector)) state.requests.push(vector);
    },
    get pending() {
      return pending();
    },
    acknowledge() {
      const vector = pending();
      if (vector === undefined) return undefined;
      state.requests = state.requests.filter((one) => one !== vector);
      state.inService.push(vector);
      return vector;
    },
    load(offset) {
      if (offset === register.version) return version;
      if (offset >= register.inService && offset < register.requestsEnd) {
        const vectors = offset < register.requests ? state.inService : state.requests;
        // Between the two are the trigger modes: all are edges.
        return offset >= 0x180 && offset < register.requests ? 0 : bits(vectors, (offset >> 4) & 7);
      }
      return offset === register.spurious ? (state.kept[offset] ?? 0xff) : kept(offset);
    },
    store(offset, value) {
      if (offset === register.eoi) {
        const done = highest(state.inService);
        state.inService = state.inService.filter((vector) => vector !== done);
      } else if (offset % 16 === 0 && offset !== register.id && offset !== register.version) {
        state.kept[offset] = value >>> 0;
      }
    },
    stateful: stateIn(state),
  };
}
