// What belongs to a kernel: registers of the system, system calls, what user code may not do, and addresses that are none. Specification:
// Intel SDM volume 2 and 3. Machine code is written out, with its instructions before it; all of it ends in HLT.
import { outcomeCases, type ProgramCase } from "../outcomes.cases.js";

/** mov eax, 0x28; ltr ax; push 0x4b; push 0x188000; push 2; push 0x53; lea rax, [next]; push rax; iretq; next: */
const toUser = "b8280000000f00d86a4b68008018006a026a53488d05030000005048cf";

const cases: readonly ProgramCase[] = [
  // What is left of the 286.
  // xor ebx,ebx; smsw bx; and bl,0xef
  ["SMSW", "31db660f01e380e3eff4", 0x21n],
  // mov eax,8; lmsw ax; xor ebx,ebx; smsw bx
  ["LMSW", "b8080000000f01f031db660f01e3f4", 0x39n],
  // mov eax,8; lmsw ax; clts; xor ebx,ebx; smsw bx
  ["CLTS", "b8080000000f01f00f0631db660f01e3f4", 0x31n],
  // Registers of the system.
  // mov eax,0x1234; mov dr0,rax; mov rbx,dr0
  ["DR0", "b8341200000f23c00f21c3f4", 0x1234n],
  // mov rbx,dr7
  ["DR7 at first", "0f21fbf4", 0x400n],
  // mov ecx,0xc0000102; mov eax,0x1234000; xor edx,edx; wrmsr; swapgs; dec ecx; rdmsr; mov ebx,eax
  ["SWAPGS", "b9020100c0b80040230131d20f300f01f8ffc90f3289c3f4", 0x123_4000n],
  // wbinvd; invd; mov ebx,3
  ["WBINVD, INVD", "0f090f08bb03000000f4", 3n],
  // mov dword ptr [1581056],0x10000; ldmxcsr [1581056]
  ["MXCSR: reserved bits", "c7042500201800000001000fae142500201800f4", "#GP(0x0)"],
  // mov dword ptr [1581056],0x9fc0; ldmxcsr [1581056]; stmxcsr [1581060]; mov ebx,[1581060]
  ["MXCSR", "c7042500201800c09f00000fae1425002018000fae1c25042018008b1c2504201800f4", 0x9fc0n],
  // pushfw; or word ptr [rsp],0x801; popfw; pushfw; pop bx; movzx ebx,bx
  ["flags of 16 bits", "669c66810c240108669d669c665b0fb7dbf4", 0x803n],
  // xor eax,eax; in al,0x71; mov ebx,eax
  ["a port by its number", "31c0e47189c3f4", 0x5an],
  // System calls.
  // mov ecx,0xc0000080; rdmsr; or eax,1; wrmsr; mov ecx,0xc0000081; xor eax,eax; mov edx,0x00400008; wrmsr; inc ecx; lea rax,[rip+2f]; xor edx,edx; wrmsr; mov ecx,0xc0000084; mov eax,0x200; wrmsr; lea rcx,[rip+1f]; mov r11d,0x202; sysretq; 1: mov ebx,cs; syscall; 2: mov eax,cs; shl eax,16; or ebx,eax; pushfq; pop rax; and eax,0x200; or ebx,eax
  [
    "SYSRET and SYSCALL",
    "b9800000c00f3283c8010f30b9810000c031c0ba080040000f30ffc1488d052400000031d20f30b9840000c0b8000200000f30488d0d0900000041bb02020000480f078ccb0f058cc8c1e01009c39c58250002000009c3f4",
    0x8_0053n,
  ],
  // syscall
  ["SYSCALL: not enabled", "0f05f4", "#UD"],
  // sysretq
  ["SYSRET: not enabled", "480f07f4", "#UD"],
  // Without privilege.
  // cli
  ["user code: CLI", `${toUser}faf4`, "#GP(0x0)"],
  // hlt
  ["user code: HLT", `${toUser}f4f4`, "#GP(0x0)"],
  // in al,0x71
  ["user code: a port", `${toUser}e471f4`, "#GP(0x0)"],
  // rdmsr
  ["user code: RDMSR", `${toUser}0f32f4`, "#GP(0x0)"],
  // mov rax,cr0
  ["user code: CR0", `${toUser}0f20c0f4`, "#GP(0x0)"],
  // lgdt [1581056]
  ["user code: LGDT", `${toUser}0f01142500201800f4`, "#GP(0x0)"],
  // mov eax,0x10; mov ds,eax
  ["user code: data of the kernel", `${toUser}b8100000008ed8f4`, "#GP(0x10)"],
  // xor eax,eax; mov ss,eax
  ["user code: no stack segment", `${toUser}31c08ed0f4`, "#GP(0x0)"],
  // int 0x80
  ["user code: INT of no gate", `${toUser}cd80f4`, "#GP(0x402)"],
  // int 0x30
  ["user code: INT of a gate for the kernel", `${toUser}cd30f4`, "#GP(0x182)"],
  // push 0x10; push rsp; push 2; push 8; push 0; iretq
  ["user code: IRETQ to the kernel", `${toUser}6a10546a026a086a0048cff4`, "#GP(0x8)"],
  // ud2
  ["user code: VMCALL's neighbours: UD2", `${toUser}0f0bf4`, "#UD"],
  // mov rsp,0x8001; shl rsp,32; push rax
  ["user code: a push to no address", `${toUser}48c7c40180000048c1e42050f4`, "#SS(0x0)"],
  // mov rsp,0x8000; shl rsp,32; pop rax
  ["user code: a pop from no address", `${toUser}48c7c40080000048c1e42058f4`, "#SS(0x0)"],
  // No addresses.
  // mov rbp,0x8000; shl rbp,32; mov rax,[rbp]
  ["no address, by RBP", "48c7c50080000048c1e520488b4500f4", "#SS(0x0)"],
  // mov ecx,0x8000; shl rcx,29; xor ebp,ebp; mov rax,[rbp+rcx*8]
  ["no address, by RBP and an index", "b90080000048c1e11d31ed488b44cd00f4", "#SS(0x0)"],
  // mov rbp,0x8000; shl rbp,32; leave
  ["no address, by LEAVE", "48c7c50080000048c1e520c9f4", "#SS(0x0)"],
  // mov rcx,0x8000; shl rcx,32; mov rax,[rcx]
  ["no address, by another register", "48c7c10080000048c1e120488b01f4", "#GP(0x0)"],
  // mov rcx,0x8000; shl rcx,32; jmp rcx
  ["no address, of a jump", "48c7c10080000048c1e120ffe1f4", "#GP(0x0)"],
];

// QEMU's CPU, which is under the rig's KVM, counts gates in IDT's error codes by 16 bytes, knows no #SS of addresses and takes any MXCSR.
const manualOnly = /^(MXCSR: reserved bits|user code: (INT|a push|a pop)|no address, by (RBP|LEAVE))/;
outcomeCases(cases, { manualOnly, hardwareOnly: /^(MXCSR|SYSRET)/ });
