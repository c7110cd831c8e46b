// What the interpreter saw of calls and jumps: where indirect ones went, which translated code compares with, and what was
// called at all, which is worth translating for a later run.
import type { GuestIsa } from "../guest-isa.js";

/** An indirect call is compared with so many targets. */
const MAX_TARGETS = 8;
/** An indirect jump, which is an interpreter's way to its next instruction, with so many. */
const MAX_JUMP_TARGETS = 512;
const MAX_ROOTS = 10_000;

/** What was remembered: a call or jump, and where it went. */
export type ProfileNews = readonly [kind: "call" | "jump", site: number, target: number];

export class CallProfile {
  /** Where the guest began, and what was called without being translated. */
  readonly roots = new Set<number>();
  readonly #targets = new Map<number, number[]>();
  readonly #called = new Set<number>();
  readonly #jumpTargets = new Map<number, Set<number>>();
  readonly #jumpSources = new Map<number, Set<number>>();
  /** What has been remembered since the last `takeNews`. */
  #news: ProfileNews[] = [];
  readonly #bytes: Uint8Array;
  readonly #isa: Pick<GuestIsa, "transferAt">;

  /** `bytes` has the guest's instructions. */
  constructor(isa: Pick<GuestIsa, "transferAt">, bytes: Uint8Array) {
    this.#isa = isa;
    this.#bytes = bytes;
  }

  /** The instruction of address `site`, at `place` among the bytes, has led to `target`. */
  jumped(place: number, site: number, target: number, isTranslated: boolean): void {
    const kind = this.#isa.transferAt(this.#bytes, place);
    if (kind === "callTo") this.#remember(site, target);
    else if (kind === "jumpTo") this.#rememberJump(site, target);
    if (!isTranslated && (kind === "callTo" || kind === "call")) this.addRoot(target);
  }

  addRoot(pc: number): void {
    if (this.roots.size < MAX_ROOTS) this.roots.add(pc);
  }

  targetsOf(site: number): readonly number[] {
    return this.#targets.get(site) ?? [];
  }

  /** Whether an indirect call has gone to an address. */
  isCalled(pc: number): boolean {
    return this.#called.has(pc);
  }

  /** Where a jump through a register or memory has gone so far. */
  jumpTargetsOf(site: number): Iterable<number> {
    return this.#jumpTargets.get(site) ?? [];
  }

  #rememberJump(site: number, target: number): void {
    let known = this.#jumpTargets.get(site);
    if (known === undefined) this.#jumpTargets.set(site, (known = new Set()));
    if (known.size >= MAX_JUMP_TARGETS || known.has(target)) return;
    known.add(target);
    this.#news.push(["jump", site, target]);
    const sources = this.#jumpSources.get(target);
    if (sources === undefined) this.#jumpSources.set(target, new Set([site]));
    else sources.add(site);
  }

  /** Which indirect jumps have gone to an address. */
  jumpSourcesOf(target: number): Iterable<number> {
    return this.#jumpSources.get(target) ?? [];
  }

  #remember(site: number, target: number): void {
    const known = this.#targets.get(site);
    const isNew = !this.#called.has(target);
    // What is called is a function, also where its caller calls too many for all to be compared with.
    this.#called.add(target);
    if (known === undefined) this.#targets.set(site, [target]);
    else if (known.length < MAX_TARGETS && !known.includes(target)) known.push(target);
    else if (!isNew) return;
    this.#news.push(["call", site, target]);
  }

  /** What has been remembered since the last call. */
  takeNews(): readonly ProfileNews[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  /** All that is known counts as news again. */
  touch(): void {
    const { calls, jumps } = this.all();
    const news = (kind: "call" | "jump", numbers: readonly number[]) =>
      pairs(numbers).map(([site, target]) => [kind, site, target] as const);
    this.#news = [...news("call", calls), ...news("jump", jumps)];
  }

  /** All that is known: the address of a call or jump, then where it went. */
  all(): { readonly calls: readonly number[]; readonly jumps: readonly number[] } {
    const flat = (known: ReadonlyMap<number, Iterable<number>>) =>
      [...known].flatMap(([site, to]) => [...to].flatMap((target) => [site, target]));
    return { calls: flat(this.#targets), jumps: flat(this.#jumpTargets) };
  }

  /** Takes what `all` gave of another run. */
  restore({ calls, jumps }: { readonly calls: readonly number[]; readonly jumps: readonly number[] }): void {
    for (const [site, target] of pairs(calls)) this.#remember(site, target);
    for (const [site, target] of pairs(jumps)) this.#rememberJump(site, target);
  }

  /** Takes what another profile's `takeNews` gave. */
  put(news: Iterable<ProfileNews>): void {
    for (const [kind, site, target] of news) {
      if (kind === "call") this.#remember(site, target);
      else this.#rememberJump(site, target);
    }
    this.#news = [];
  }
}

const pairs = (numbers: readonly number[]): (readonly [number, number])[] =>
  Array.from({ length: numbers.length >> 1 }, (_, n) => [numbers[2 * n] ?? 0, numbers[2 * n + 1] ?? 0]);
