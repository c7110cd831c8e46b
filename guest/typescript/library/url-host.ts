// Hosts that are addresses: WHATWG URL 3.5.

function ipv4Number(text: string): number | undefined {
  if (text === "") return undefined;
  const isHex = /^0x/i.test(text);
  const isOctal = !isHex && text.length > 1 && text.startsWith("0");
  const digits = isHex ? text.slice(2) : isOctal ? text.slice(1) : text;
  const pattern = isHex ? /^[0-9a-f]*$/i : isOctal ? /^[0-7]*$/ : /^\d*$/;
  return pattern.test(digits)
    ? Number.parseInt(digits === "" ? "0" : digits, isHex ? 16 : isOctal ? 8 : 10)
    : undefined;
}

/** The address in its usual form; undefined for a name, null for what looks like an address and is none. */
export function parseIpv4(host: string): string | null | undefined {
  const parts = host.split(".");
  if (parts.at(-1) === "" && parts.length > 1) parts.pop();
  const last = parts.at(-1) ?? "";
  if (!/^\d+$/.test(last) && ipv4Number(last) === undefined) return undefined;
  const numbers = parts.map(ipv4Number);
  if (numbers.length > 4 || numbers.includes(undefined)) return null;
  const values = numbers as number[];
  const end = values.pop() ?? 0;
  if (values.some((value) => value > 255) || end >= 256 ** (4 - values.length)) return null;
  const address = values.reduce((sum, value, i) => sum + value * 256 ** (3 - i), end);
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** The address in its shortest form (RFC 5952), without brackets. */
export function parseIpv6(text: string): string | undefined {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(text);
  let groups = text;
  if (dotted !== null) {
    const bytes = dotted.slice(2).map(Number);
    if (bytes.some((byte) => byte > 255)) return undefined;
    const [a = 0, b = 0, c = 0, d = 0] = bytes;
    groups = `${dotted[1]}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
  }
  const halves = groups.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: halves.length === 2 ? missing : 0 }, () => "0"), ...tail];
  if (all.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  const numbers = all.map((group) => Number.parseInt(group, 16).toString(16));
  const zeros = [...numbers.join(":").matchAll(/(?:^|:)(0(?::0)+)(?=:|$)/g)];
  const longest = zeros.reduce((best, [, run = ""]) => (run.length > best.length ? run : best), "");
  if (longest === "") return numbers.join(":");
  return numbers.join(":").replace(new RegExp(`(^|:)${longest}(:|$)`), "::");
}
