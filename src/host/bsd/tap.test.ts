// Taps of the BSDs against answers as their headers have them: numbers and offsets are literals here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { openTap, tapMtu, type TapCalls } from "./tap.js";

interface Tap {
  readonly flags: number;
  readonly mtu: number;
  readonly device?: string;
}

const calls = (mtuRequest: number, taps: Readonly<Record<string, Tap>>) => {
  let open = 0;
  let error = "";
  const own: TapCalls = {
    open(path) {
      const name = path.replace("/dev/", "");
      const denied = taps[name]?.device;
      if (denied !== undefined) throw Object.assign(new Error(denied), { code: denied });
      open++;
      return 7;
    },
    close: () => void open--,
    socket() {
      open++;
      return 5;
    },
    ioctl(fd, request, arg) {
      assert.equal(fd, 5);
      assert.equal(arg.length, 32);
      const name = new TextDecoder().decode(arg.subarray(0, 16)).replace(/\0+$/, "");
      const tap = taps[name];
      if (tap === undefined) {
        error = "ENXIO";
        return -1;
      }
      const view = new DataView(arg.buffer, arg.byteOffset, 32);
      if (request === 0xc0206911) view.setUint16(16, tap.flags, true);
      else if (request === mtuRequest) view.setInt32(16, tap.mtu, true);
      else assert.fail(request.toString(16));
      return 0;
    },
    errorName: () => error,
  };
  return { own, open: () => open };
};

for (const [platform, request] of [
  ["freebsd", 0xc0206933],
  ["openbsd", 0xc020697e],
] as const)
  test(`${platform}: a tap that is up, and those that cannot be had`, () => {
    const { own, open } = calls(request, {
      tap0: { flags: 0x8843, mtu: 1400 },
      tap1: { flags: 0x8802, mtu: 1500 },
      tap2: { flags: 0x8843, mtu: 1500, device: "EACCES" },
    });
    assert.equal(tapMtu(platform, "tap0", own), 1400);
    assert.equal(open(), 0);
    assert.deepEqual(openTap(platform, "tap0", own), { fd: 7, mtu: 1400 });
    assert.equal(open(), 1);
    for (const [name, says] of [
      ["tap1", /tap1.*Network is down/],
      ["tap2", /tap2: \/dev\/tap2.*\nsolo5 net add tap2/],
      ["tap3", /tap3.*No such device or address/],
      ["../mem", /no tap/],
      ["kmem", /no tap/],
      ["tap00", /no tap/],
    ] as const) {
      assert.throws(() => openTap(platform, name, own), { code: "NET", message: says }, name);
      assert.equal(open(), 1, name);
    }
  });
