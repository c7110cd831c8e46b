// The commands that are ours alone: `solo5 NAME`. What each does is in a module of its name; registry.ts finds it.
import {
  buildOptions,
  checkOptions,
  devOptions,
  generalOptions,
  imageOptions,
  netSetupOptions,
  relayOptions,
  replayOptions,
  runOptions,
  sealOptions,
  selfTestOptions,
} from "../../tender/options.js";
import { shortName, type CommandLine } from "./command-line.js";

export const shells = ["bash", "zsh", "fish"] as const;

export const run = {
  name: "solo5 run",
  summary: "run a unikernel of any target on the best engine here",
  operands: "[OPTIONS] [--] KERNEL [ARGUMENTS]",
  text: [
    "KERNEL is the unikernel's file; ARGUMENTS are passed to it. Options stand before KERNEL.",
    "The exit status is the unikernel's, or 128 and a signal's number where a signal ended it.",
  ],
  options: runOptions,
  examples: [
    { does: "a unikernel without devices", line: "solo5 run hello.hvt" },
    {
      does: "with a disk and a network inside this process, its frames captured",
      line: "solo5 run --block:storage=disk.img --net:service0=segment:lan/10.0.0.1 --net-dump:service0=lan.pcap app.spt --ipv4=10.0.0.2/24",
    },
    {
      does: "a web server that http://127.0.0.1:8080 leads to, without root",
      line: "solo5 run --net:service0=user,tcp:8080:80 web.spt",
    },
    { does: "which engine runs it, and why", line: "solo5 run --verbose hello.hvt" },
    { does: "recorded", line: "solo5 run --record=hello.rec hello.hvt" },
  ],
  values: "file",
  seeAlso: ["solo5-seal", "solo5-replay", "solo5-spt", "solo5-hvt"],
} as const satisfies CommandLine;

export const seal = {
  name: "solo5 seal",
  summary: "make an executable of an spt unikernel and its devices",
  operands: "KERNEL [OPTIONS] -o FILE [-- ARGUMENTS]",
  text: [
    "FILE becomes a static Linux executable: the unikernel KERNEL with its devices and ARGUMENTS. It needs no tender and no Node.",
    "Options stand before or behind KERNEL. Interfaces are looked for when FILE starts; disks are measured now.",
  ],
  options: sealOptions,
  examples: [
    { does: "an executable with a tap", line: "solo5 seal app.spt --mem=64 --net:service0=tap0 -o app" },
    { does: "with arguments", line: "solo5 seal app.spt -o app -- --ipv4=10.0.0.2/24" },
  ],
  values: "file",
  seeAlso: ["solo5-run", "solo5-spt"],
} as const satisfies CommandLine;

export const build = {
  name: "solo5 build",
  summary: "make a unikernel of a program in TypeScript",
  operands: "FILE [OPTIONS] -o OUT [-- ARGUMENTS]",
  text: [
    "FILE is TypeScript or JavaScript, with whatever it imports. OUT becomes an executable, as `solo5 seal` makes it, or with --target a unikernel.",
    "A program with devices that the options do not attach becomes an spt unikernel, too.",
  ],
  options: buildOptions,
  examples: [
    { does: "an executable", line: "solo5 build hello.ts -o hello && ./hello" },
    { does: "with a disk", line: "solo5 build store.ts --block:storage=disk.img -o store" },
    { does: "for virtual machines", line: "solo5 build hello.ts --target=hvt -o hello.hvt" },
  ],
  values: "file",
  seeAlso: ["solo5-seal", "solo5-run"],
} as const satisfies CommandLine;

export const dev = {
  name: "solo5 dev",
  summary: "run a program in TypeScript, and again when it changes",
  operands: "FILE [OPTIONS] [-- ARGUMENTS]",
  text: [
    "FILE becomes a unikernel that runs here, with a network that needs no root: http://127.0.0.1:8080 leads to its port 80.",
    "Whenever a file that it is made of changes, it is built anew and takes the place of the one that runs. ^C ends both.",
  ],
  options: devOptions,
  examples: [
    { does: "a server", line: "solo5 dev server.ts --port=8080" },
    { does: "with a disk", line: "solo5 dev store.ts --block:storage=disk.img" },
  ],
  values: "file",
  seeAlso: ["solo5-build", "solo5-run"],
} as const satisfies CommandLine;

export const replay = {
  name: "solo5 replay",
  summary: "run a recording again, to the same instruction",
  operands: "[OPTIONS] [--] FILE",
  text: ["FILE is what `solo5 run --record` has written. Under gdb a replay also runs backwards."],
  options: replayOptions,
  examples: [
    { does: "what the unikernel printed", line: "solo5 replay hello.rec" },
    { does: "under gdb, which then connects to port 1234", line: "solo5 replay --gdb hello.rec" },
  ],
  values: "file",
  seeAlso: ["solo5-run", "solo5-hvt-debug"],
} as const satisfies CommandLine;

export const demo = {
  name: "solo5 demo",
  summary: "boot a unikernel of this package, and fetch its page",
  operands: "",
  text: [
    "The unikernel is a web server behind a port of this host's: no root, no compiler, nothing to set up.",
    "With a terminal it stays until ^C; else the command fetches the page itself and ends.",
  ],
  options: generalOptions,
  examples: [{ does: "without installing anything", line: "npx solo5 demo" }],
  seeAlso: ["solo5-run"],
} as const satisfies CommandLine;

export const installPrefix = {
  name: "solo5 install-prefix",
  summary: "install compilers, headers and bindings for builds",
  operands: "[--] DIR",
  text: [
    "DIR gets bin, include, lib and share as an installed Solo5 has them, over what is there. Its commands run this package, which must stay where it is.",
  ],
  options: generalOptions,
  examples: [
    {
      does: "a folder of the user's own",
      line: 'solo5 install-prefix ~/solo5 && export PATH="$HOME/solo5/bin:$PATH"',
    },
  ],
  values: "folder",
  seeAlso: ["solo5-elftool"],
} as const satisfies CommandLine;

export const completion = {
  name: "solo5 completion",
  summary: "print the completion of all commands for a shell",
  operands: shells.join("|"),
  text: ["What is printed is a script that the shell reads when it starts."],
  options: generalOptions,
  examples: [
    { does: "in ~/.bashrc", line: 'eval "$(solo5 completion bash)"' },
    { does: "in ~/.zshrc, behind compinit", line: 'eval "$(solo5 completion zsh)"' },
    {
      does: "for fish",
      line: "solo5 completion fish > ~/.config/fish/completions/solo5.fish",
    },
  ],
  values: shells,
} as const satisfies CommandLine;

export const relay = {
  name: "solo5 relay",
  summary: "let unikernels in browsers reach the network of this host",
  operands: "[OPTIONS]",
  text: [
    "A WebSocket server that speaks Wisp: a page's createUserNet({ relay: URL }) has its connections made here. A token stands behind the last slash of the URL; pages whose origin is named need none.",
    "What a unikernel of this host could not reach is denied: loopback, the link, the host's own addresses.",
  ],
  options: relayOptions,
  examples: [
    { does: "for a page that this host serves", line: "solo5 relay --origin=http://localhost:8000" },
    { does: "for whoever knows a token", line: "solo5 relay --listen=0.0.0.0:5001 --token-file=tokens" },
  ],
  seeAlso: ["solo5-run"],
} as const satisfies CommandLine;

export const net = {
  name: "solo5 net",
  summary: "set up taps and bridges for unikernels",
  operands: "add TAP [OPTIONS] | remove NAME [OPTIONS]",
  text: [
    "Prints what to type as root; with --do it is done, on Linux without any program. Again is nothing, and what this command has not made it never touches. A network without root is --net:NAME=user.",
    "With --nat packets are forwarded, on the whole host. On the BSDs pf.conf has to have the anchor solo5/* (on FreeBSD nat-anchor).",
  ],
  options: netSetupOptions,
  examples: [
    { does: "a tap that you may open", line: "sudo solo5 net add tap0 --address=10.0.0.1/24 --do" },
    {
      does: "with a way out, for both protocols",
      line: "sudo solo5 net add tap0 --address=10.0.0.1/24 --address=fd00::1/64 --nat --do",
    },
    { does: "take it away", line: "sudo solo5 net remove tap0 --do" },
  ],
  values: ["add", "remove"],
  seeAlso: ["solo5-run", "solo5-check"],
} as const satisfies CommandLine;

export const image = {
  name: "solo5 image",
  summary: "make a container image of a unikernel",
  operands: "build KERNEL... [OPTIONS] -o FILE [-- ARGUMENTS]",
  text: [
    "FILE.tar is what podman load, docker load, ctr images import and skopeo take; another name is a folder with an OCI layout. The image's bytes depend on nothing but what goes into it.",
    "KERNEL is one unikernel, or one for each ISA: the image then is for both.",
  ],
  options: imageOptions,
  examples: [
    { does: "with a disk", line: "solo5 image build app.spt --block:storage=disk.img -o app.tar" },
    {
      does: "for two platforms",
      line: "solo5 image build web.spt aarch64/web.spt -t registry.example/web:1 -o web.tar",
    },
  ],
  values: ["build"],
  seeAlso: ["solo5-oci", "solo5-seal"],
} as const satisfies CommandLine;

export const check = {
  name: "solo5 check",
  summary: "tell what this machine can do",
  operands: "[OPTIONS]",
  text: ["Each thing that is missing is told with the way out. Bug reports begin with what this prints."],
  options: checkOptions,
  examples: [{ does: "for a bug report", line: "solo5 check" }],
  seeAlso: ["solo5-self-test", "solo5-net"],
} as const satisfies CommandLine;

export const selfTest = {
  name: "solo5 self-test",
  summary: "run the self-tests of Solo5 on this machine",
  operands: "[TARGET...] [OPTIONS]",
  text: [
    "TARGET is spt, hvt, virtio, muen, genode or xen; all of them without one. The unikernels are in the package solo5-self-tests. The exit status is 1 where a test fails.",
  ],
  options: selfTestOptions,
  examples: [
    { does: "everything", line: "npm install solo5-self-tests && solo5 self-test" },
    { does: "hvt on the wasm engine, for a CI", line: "solo5 self-test hvt --engine=wasm --format=junit" },
  ],
  values: ["spt", "hvt", "virtio", "muen", "genode"],
  seeAlso: ["solo5-check", "solo5-run"],
} as const satisfies CommandLine;

const documented: readonly CommandLine[] = [
  run,
  seal,
  build,
  dev,
  replay,
  demo,
  relay,
  image,
  net,
  check,
  selfTest,
  installPrefix,
  completion,
];

export const man = {
  name: "solo5 man",
  summary: "print a command's manual page, as roff",
  operands: "[COMMAND]",
  text: ["COMMAND is a name such as `run` or `solo5-spt`; without it the page is that of `solo5` itself."],
  options: generalOptions,
  examples: [{ does: "read a page", line: "solo5 man run | man -l -" }],
  values: documented.map(shortName),
} as const satisfies CommandLine;

/** In the order of the help. */
export const ownCommands: readonly CommandLine[] = [...documented, man];
