// Guests that leave the check of a frame's length to the tender, as the reference's bindings do: what is too short or too
// long for a frame is refused or lost, ends nothing, and reaches nobody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileUnikernel } from "../bench/one-off.js";
import { attach, createSegment, open, run } from "../src/index.js";
import { needs } from "./needs.js";

/** `send` is the target's own; frames are of all kinds of lengths, of which 14 and 1,518 can be sent. */
const guest = (target: string, send: string): string => `#include "solo5.h"
#include "${target}_abi.h"
#include "mft_abi.h"
static uint8_t frame[0x20000] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 0x88, 0xb5 };
${send}
int solo5_app_main(const struct solo5_start_info *info) {
  (void)info;
  static const size_t refused[] = { 0, 1, 13, 1519, 4096, 0xffff, 0x10000, sizeof frame };
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
      if (!is_refused(send(refused[i]))) return 10 + (int)i;
    if (is_refused(send(14)) || is_refused(send(1518))) return 20;
  }
  /* Frames on their way are lost with the guest. */
  uint8_t answer[64];
  size_t size;
  while (solo5_net_read(1, answer, sizeof answer, &size) == SOLO5_R_AGAIN) solo5_yield(UINT64_MAX, NULL);
  return 0; }
`;

const hvtSend = `static size_t send(size_t size) {
  struct hvt_hc_net_write call = { .handle = 1, .data = frame, .len = size };
  hvt_do_hypercall(HVT_HYPERCALL_NET_WRITE, &call);
  return (size_t)call.ret; }
static bool is_refused(size_t result) { return result == SOLO5_R_EINVAL; }
`;

/** The kernel takes a datagram of any length: what is refused is known to the far end alone. */
const sptSend = (isRefused: string): string => `static long send(size_t size) {
  const struct mft *mft = ((const struct spt_boot_info *)SPT_BOOT_INFO_BASE)->mft;
  long result;
  __asm__ volatile("syscall" : "=a"(result)
                   : "a"(1L), "D"((long)mft->e[1].b.hostfd), "S"(frame), "d"(size) : "rcx", "r11", "memory");
  last = size;
  return result; }
static bool is_refused(long result) { return ${isRefused}; }
`;

const machines = [
  { target: "hvt", engine: "wasm", send: hvtSend },
  { target: "spt", engine: "wasm", send: `static size_t last;\n${sptSend("result == -22")}` },
  { target: "spt", engine: "native", send: `static size_t last;\n${sptSend("last != 14 && last != 1518")}` },
] as const;

for (const { target, engine, send } of machines) {
  const skip = needs.x8664Linux();
  test(`lengths that no frame has: ${target}, ${engine}`, { skip, timeout: 240_000 }, async () => {
    const devices = [{ name: "service0", type: "NET_BASIC" }] as const;
    const file = compileUnikernel(`length-${engine}`, target, guest(target, send), devices);
    const segment = createSegment();
    const listener = segment.port();
    const net = { service0: { source: { kind: "device", device: segment.port() } } } as const;
    const lengths: number[] = [];
    listener.onReadable(() => {
      for (let frame; (frame = listener.read()) !== undefined;) lengths.push(frame.length);
      if (lengths.length === 6) listener.write(new Uint8Array(14).fill(255));
    });
    await using running = run(attach(open(file), { memMiB: 16, net }), { engine, console: { write() {} } });
    assert.equal((await running.exited).status, 0);
    assert.deepEqual(lengths, [14, 1518, 14, 1518, 14, 1518]);
  });
}
