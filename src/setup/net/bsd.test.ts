// What is done on the BSDs, against a model of their programs that keeps a table of interfaces, and refuses what those would refuse.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addSteps, lineOf, removeSteps, type Bsd } from "./bsd.js";
import { addOnBsd, removeOnBsd, type RunProgram } from "./bsd-run.js";
import { checkAddress, type AddRequest } from "./request.js";

interface Interface {
  description?: string;
  up?: true;
  readonly addresses: Set<string>;
  readonly members: Set<string>;
}

const kinds = { freebsd: /^(?:tap|bridge)\d+$/, openbsd: /^(?:tap|veb|vport)\d+$/ } as const;

/** A host; its `count`th call fails, if any. */
function host(system: Bsd, count = 0) {
  const table = new Map<string, Interface>();
  const calls: string[] = [];
  let anchors = 0;
  const ok = { status: 0, stdout: "", stderr: "" };
  const no = (stderr: string) => ({ status: 1, stdout: "", stderr: `${stderr}\n` });
  const ifconfig = (name: string, words: readonly string[]) => {
    const found = table.get(name);
    const [verb = "", ...rest] = words;
    if (verb === "create") {
      if (found !== undefined) return no(`ifconfig: ${name}: File exists`);
      if (!kinds[system].test(name)) return no(`ifconfig: ${name}: Invalid argument`);
      table.set(name, { addresses: new Set(), members: new Set() });
      return ok;
    }
    if (found === undefined) return no(`ifconfig: ${name}: Device not configured`);
    switch (verb) {
      case "": {
        const lines = [
          `${name}: flags=8802<BROADCAST> mtu 1500`,
          ...(found.description === undefined ? [] : [`\tdescription: ${found.description}`]),
          ...[...found.members].map((one) =>
            system === "freebsd" ? `\tmember: ${one} flags=143<LEARNING>` : `\t\t${one} flags=3<LEARNING>`,
          ),
        ];
        return { ...ok, stdout: `${lines.join("\n")}\n` };
      }
      case "description":
        assert.equal(rest.length, 1);
        found.description = rest[0] ?? "";
        return ok;
      case "mtu":
        assert.match(rest.join(" "), /^\d+$/);
        return ok;
      case "up":
        found.up = true;
        return ok;
      case "inet":
      case "inet6": {
        const [address, alias] = system === "freebsd" ? rest : rest.toReversed();
        assert.equal(alias, "alias");
        assert.equal(address?.includes(":"), verb === "inet6");
        found.addresses.add(address ?? "");
        return ok;
      }
      case system === "freebsd" ? "addm" : "add": {
        const [member = ""] = rest;
        if (!table.has(member) || found.members.has(member)) return no(`ifconfig: ${member}: busy`);
        found.members.add(member);
        return ok;
      }
      case "destroy":
        table.delete(name);
        return ok;
      default:
        return no(`ifconfig: bad value ${verb}`);
    }
  };
  const run: RunProgram = (argv, input) => {
    const [program, ...args] = argv;
    const isQuestion = program === "ifconfig" && args.length === 1;
    if (!isQuestion) calls.push(argv.join(" "));
    if (!isQuestion && calls.length === count) return no(`${program}: Input/output error`);
    const [first = "", ...rest] = args;
    switch (program) {
      case "ifconfig":
        return ifconfig(first, rest);
      case "pfctl":
        assert.match(argv.join(" "), /^pfctl -a solo5\/tap\d+ (?:-f -|-F all)$/);
        if (rest.includes("-f")) {
          assert.match(
            input ?? "",
            /^(?:(?:nat|match out) on em0 inet6? from [\d.a-f:]+\/\d+ to any .*\n)+$/,
          );
          anchors++;
        } else anchors = 0;
        return ok;
      case "kldload":
      case "sysctl":
      case "chown":
        return ok;
      default:
        return no(`${program}: not found`);
    }
  };
  return { run, table, calls, anchors: () => anchors };
}

const request = (system: Bsd): AddRequest => ({
  tap: "tap0",
  user: "me",
  mtu: 1400,
  addresses: [checkAddress("10.0.0.1/24"), checkAddress("fd00::1/64")],
  bridge: system === "freebsd" ? "bridge0" : "veb0",
  nat: { out: "em0" },
});

for (const system of ["freebsd", "openbsd"] as const) {
  test(`${system}: added, added again, removed`, () => {
    const { run, table, calls, anchors } = host(system);
    const wanted = request(system);
    addOnBsd(system, wanted, run);
    const bearer = system === "freebsd" ? "bridge0" : "vport0";
    assert.deepEqual([...(table.get(bearer)?.addresses ?? [])], ["10.0.0.1/24", "fd00::1/64"]);
    assert.equal(
      [...table.values()].every(({ up }) => up),
      true,
    );
    assert.equal(anchors(), 1);
    const before = structuredClone(table);
    calls.length = 0;
    addOnBsd(system, wanted, run);
    assert.deepEqual(table, before);
    assert.equal(
      calls.some((call) => /create|addm?\b tap/.test(call)),
      false,
    );
    assert.equal(removeOnBsd(system, wanted.bridge ?? "", run), true);
    assert.equal(removeOnBsd(system, "tap0", run), true);
    assert.equal(removeOnBsd(system, "tap0", run), false);
    assert.deepEqual([...table.keys()], []);
    assert.equal(anchors(), 0);
  });

  test(`${system}: whatever fails, nothing is left`, () => {
    const total = addSteps(system, request(system)).length;
    for (let count = 1; count <= total; count++) {
      const { run, table } = host(system, count);
      assert.throws(() => addOnBsd(system, request(system), run), /Input\/output error/, `call ${count}`);
      assert.deepEqual([...table.keys()], [], `call ${count}`);
    }
  });

  test(`${system}: what is another's stays`, () => {
    const { run, table, calls } = host(system);
    run(["ifconfig", "tap0", "create"]);
    const before = structuredClone(table);
    calls.length = 0;
    assert.throws(() => addOnBsd(system, request(system), run), /tap0: is there, and solo5 net has not/);
    assert.throws(() => removeOnBsd(system, "tap0", run), /tap0: is there, and solo5 net has not/);
    assert.deepEqual(table, before);
    assert.deepEqual(calls, []);
  });
}

test("FreeBSD's filter is told where packets leave", () => {
  assert.throws(() => addSteps("freebsd", { ...request("freebsd"), nat: {} }), /--out=em0/);
});

test("lines as they are typed", () => {
  const lines = addSteps("openbsd", request("openbsd")).map(lineOf);
  assert.ok(lines.includes("ifconfig tap0 description 'solo5 net'"));
  assert.match(
    lines.at(-1) ?? "",
    /^printf '%s\\n' 'match out on em0 inet from 10.0.0.0\/24 .*' 'match.*' \| pfctl/,
  );
  assert.deepEqual(removeSteps("freebsd", "bridge0").map(lineOf), ["ifconfig bridge0 destroy"]);
});
