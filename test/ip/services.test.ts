// Addresses and names over a tap, with others as witnesses: the stack as gateway of the kernel, udhcpc and c-ares, and as a host
// of dnsmasq.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hasLibc } from "../../src/host/posix/libc.js";
import { createNamespace } from "../namespace.js";
import { needs, needsAll } from "../needs.js";
import { projectRoot } from "../project.js";

const skip = needsAll(needs.root(), needs.program("ip"), hasLibc() ? false : "needs koffi");

async function run(role: string, addresses: readonly string[]): Promise<void> {
  using namespace = createNamespace();
  const folder = mkdtempSync(join(tmpdir(), "solo5-ip-"));
  namespace.ip("tuntap", "add", "tap0", "mode", "tap");
  for (const address of addresses) namespace.ip("address", "add", address, "dev", "tap0", ...(address.includes(":") ? ["nodad"] : [])); // prettier-ignore
  namespace.ip("link", "set", "tap0", "up");
  const { stdout, stderr } = await namespace.execute(process.execPath, [join(projectRoot, "dist/test/ip/services-child.js"), role, folder]); // prettier-ignore
  rmSync(folder, { recursive: true });
  assert.equal(stdout, "as it must be\n", stderr);
}

test("a gateway: DHCP for udhcpc, autoconfiguration for the kernel, names for c-ares", { skip: needsAll(skip, needs.program("busybox")) }, () => run("gateway", [])); // prettier-ignore
test("a host: address, router and names from dnsmasq", { skip: needsAll(skip, needs.program("dnsmasq")) }, () => run("host", ["10.0.3.1/24", "fd00:3::1/64"])); // prettier-ignore
