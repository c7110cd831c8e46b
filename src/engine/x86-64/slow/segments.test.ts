// Segment registers, the tables that describe segments, and far transfers: what they take and what they refuse. Specification: Intel SDM
// volume 2. Machine code is written out, with its instructions before it; all of it ends in HLT.
import { outcomeCases, type ProgramCase } from "../outcomes.cases.js";
import { gdt as table } from "../programs.cases.js";

const gdt = BigInt(table);

const cases: readonly ProgramCase[] = [
  // Segment registers.
  // mov eax,0x0; mov ds,eax; mov ebx,ds
  ["DS: null", "b8000000008ed88cdbf4", 0n],
  // mov eax,0x8; mov ds,eax; mov ebx,ds
  ["DS: code that may be read", "b8080000008ed88cdbf4", 8n],
  // mov eax,0x100; mov ds,eax; mov ebx,ds
  ["DS: beyond the table", "b8000100008ed88cdbf4", "#GP(0x100)"],
  // mov eax,0x14; mov ds,eax; mov ebx,ds
  ["DS: of a local table that is none", "b8140000008ed88cdbf4", "#GP(0x14)"],
  // mov eax,0x20; mov ds,eax; mov ebx,ds
  ["DS: not present", "b8200000008ed88cdbf4", "#NP(0x20)"],
  // mov eax,0x28; mov ds,eax; mov ebx,ds
  ["DS: a system segment", "b8280000008ed88cdbf4", "#GP(0x28)"],
  // mov eax,0x58; mov ds,eax; mov ebx,ds
  ["DS: code that may not be read", "b8580000008ed88cdbf4", "#GP(0x58)"],
  // mov eax,0x13; mov ds,eax; mov ebx,ds
  ["DS: asked for with less privilege", "b8130000008ed88cdbf4", "#GP(0x10)"],
  // mov eax,0x0; mov ss,eax; mov ebx,ss
  ["SS: null", "b8000000008ed08cd3f4", 0n],
  // mov eax,0x20; mov ss,eax; mov ebx,ss
  ["SS: not present", "b8200000008ed08cd3f4", "#SS(0x20)"],
  // mov eax,0x60; mov ss,eax; mov ebx,ss
  ["SS: read-only", "b8600000008ed08cd3f4", "#GP(0x60)"],
  // mov eax,0x4b; mov ss,eax; mov ebx,ss
  ["SS: of another privilege", "b84b0000008ed08cd3f4", "#GP(0x48)"],
  // mov eax,0x13; mov ss,eax; mov ebx,ss
  ["SS: asked for with less privilege", "b8130000008ed08cd3f4", "#GP(0x10)"],
  // mov eax,0x8; mov ss,eax; mov ebx,ss
  ["SS: code", "b8080000008ed08cd3f4", "#GP(0x8)"],
  // .byte 0x8e,0xc8
  ["CS: not by MOV", "8ec8f4", "#UD"],
  // .byte 0x8c,0xf3
  ["a segment register that is none", "8cf3f4", "#UD"],
  // mov eax,0x68; mov fs,eax; mov ecx,0xc0000100; rdmsr; mov ebx,eax
  ["FS: its base from the descriptor", "b8680000008ee0b9000100c00f3289c3f4", 0x1234_5678n],
  // mov eax,4369; mov [1581056],eax; mov word ptr [1581060],0x10; lfs eax,[1581056]; mov ebx,fs; shl ebx,16; or ebx,eax
  [
    "LFS: a register and a segment register",
    "b8111100008904250020180066c704250420180010000fb40425002018008ce3c1e31009c3f4",
    0x10_1111n,
  ],
  // mov eax,8738; mov [1581056],eax; mov word ptr [1581060],0x10; lgs eax,[1581056]; mov ebx,gs; shl ebx,16; or ebx,eax
  [
    "LGS: a register and a segment register",
    "b8222200008904250020180066c704250420180010000fb50425002018008cebc1e31009c3f4",
    0x10_2222n,
  ],
  // mov eax,13107; mov [1581056],eax; mov word ptr [1581060],0x10; lss eax,[1581056]; mov ebx,ss; shl ebx,16; or ebx,eax
  [
    "LSS: a register and a segment register",
    "b8333300008904250020180066c704250420180010000fb20425002018008cd3c1e31009c3f4",
    0x10_3333n,
  ],
  // mov eax,0x10; mov fs,eax; push fs; pop gs; mov ebx,gs
  ["PUSH FS, POP GS", "b8100000008ee00fa00fa98cebf4", 0x10n],
  // push 0x20; pop fs
  ["POP FS: not present", "6a200fa1f4", "#NP(0x20)"],
  // Far transfers.
  // push 8; lea rax,[rip+1f]; push rax; mov rcx,rsp; .byte 0x48,0xcb; 1: lea rbx,[rsp]; sub rbx,rcx; mov eax,cs; shl eax,16; or ebx,eax
  ["RETF", "6a08488d0506000000504889e148cb488d1c244829cb8cc8c1e01009c3f4", 0x8_0010n],
  // push 8; lea rax,[rip+1f]; push rax; mov rcx,rsp; .byte 0x48,0xca,0x20,0x00; 1: mov rbx,rsp; sub rbx,rcx
  ["RETF that drops bytes", "6a08488d0508000000504889e148ca20004889e34829cbf4", 0x30n],
  // push 16; push 0; .byte 0x48,0xcb
  ["RETF to data", "6a106a0048cbf4", "#GP(0x10)"],
  // push 24; push 0; .byte 0x48,0xcb
  ["RETF to code that is not present", "6a186a0048cbf4", "#NP(0x18)"],
  // push 0; push 0; .byte 0x48,0xcb
  ["RETF to null", "6a006a0048cbf4", "#GP(0x0)"],
  // lea rax,[rip+1f]; mov [1581056],eax; mov word ptr [1581060],0x8; jmp fword ptr [1581056]; ud2; 1: mov ebx,cs
  ["JMP FAR", "488d051a0000008904250020180066c70425042018000800ff2c25002018000f0b8ccbf4", 8n],
  // lea rax,[rip+1f]; mov [1581056],eax; mov word ptr [1581060],0x10; jmp fword ptr [1581056]; 1: nop
  ["JMP FAR to data", "488d05180000008904250020180066c70425042018001000ff2c250020180090f4", "#GP(0x10)"],
  // lea rax,[rip+1f]; mov [1581056],eax; mov word ptr [1581060],0x0; jmp fword ptr [1581056]; 1: nop
  ["JMP FAR to null", "488d05180000008904250020180066c70425042018000000ff2c250020180090f4", "#GP(0x0)"],
  // lea rax,[rip+1f]; mov [1581056],eax; mov word ptr [1581060],0x8; call fword ptr [1581056]; mov ebx,7; hlt; 1: retf
  ["CALL FAR and back", "488d051e0000008904250020180066c70425042018000800ff1c2500201800bb07000000f4cbf4", 7n],
  // mov rcx,rsp; push 0x10; push rcx; push 2; push 8; lea rax,[rip+1f]; push rax; iretq; ud2; 1: mov rbx,rsp; sub rbx,rcx; add ebx,5
  ["IRETQ within a privilege", "4889e16a10516a026a08488d05050000005048cf0f0b4889e34829cb83c305f4", 5n],
  // push 0x10; push rsp; push 2; push 0x10; push 0; iretq
  ["IRETQ to data", "6a10546a026a106a0048cff4", "#GP(0x10)"],
  // Tables.
  // mov eax,0x28; ltr ax; str ebx; shl ebx,8; mov bl,[0x18102d]
  ["LTR makes a task busy", "b8280000000f00d80f00cbc1e3088a1c252d101800f4", 0x288bn],
  // mov eax,0; ltr ax
  ["LTR: null", "b8000000000f00d8f4", "#GP(0x0)"],
  // mov eax,16; ltr ax
  ["LTR: data", "b8100000000f00d8f4", "#GP(0x10)"],
  // mov eax,56; ltr ax
  ["LTR: not present", "b8380000000f00d8f4", "#NP(0x38)"],
  // mov eax,0x28; ltr ax; ltr ax
  ["LTR: busy", "b8280000000f00d80f00d8f4", "#GP(0x28)"],
  // xor eax,eax; mov ebx,-1; lldt ax; sldt ebx
  ["LLDT: null", "31c0bbffffffff0f00d00f00c3f4", 0n],
  // mov eax,0x10; lldt ax
  ["LLDT: data", "b8100000000f00d0f4", "#GP(0x10)"],
  // sgdt [1581056]; mov rbx,[1581058]; shl rbx,16; mov bx,[1581056]
  ["SGDT", "0f01042500201800488b1c250220180048c1e310668b1c2500201800f4", (gdt << 16n) | 0x6fn],
  // sidt [1581056]; mov word ptr [1581056],0x7ff; lidt [1581056]; sidt [1581072]; movzx ebx,word ptr [1581072]
  [
    "LIDT, SIDT",
    "0f010c250020180066c7042500201800ff070f011c25002018000f010c25102018000fb71c2510201800f4",
    0x7ffn,
  ],
  // mov eax,16; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: data", "b81000000031db0f00e00f94c30f00e80f94c7f4", 0x101n],
  // mov eax,96; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: read-only data", "b86000000031db0f00e00f94c30f00e80f94c7f4", 0x001n],
  // mov eax,8; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: code", "b80800000031db0f00e00f94c30f00e80f94c7f4", 0x001n],
  // mov eax,88; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: code that may not be read", "b85800000031db0f00e00f94c30f00e80f94c7f4", 0n],
  // mov eax,0; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: null", "b80000000031db0f00e00f94c30f00e80f94c7f4", 0n],
  // mov eax,40; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: a task", "b82800000031db0f00e00f94c30f00e80f94c7f4", 0n],
  // mov eax,75; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: data of user code", "b84b00000031db0f00e00f94c30f00e80f94c7f4", 0x101n],
  // mov eax,256; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: beyond the table", "b80001000031db0f00e00f94c30f00e80f94c7f4", 0n],
  // mov eax,19; xor ebx,ebx; verr ax; sete bl; verw ax; sete bh
  ["VERR, VERW: asked for with less privilege", "b81300000031db0f00e00f94c30f00e80f94c7f4", 0n],
  // mov ecx,16; mov ebx,5; lar ebx,ecx; and ebx,0xf0ff00
  ["LAR: data", "b910000000bb050000000f02d981e300fff000f4", 0xc09300n],
  // mov ecx,16; mov ebx,5; lsl ebx,ecx
  ["LSL: data", "b910000000bb050000000f03d9f4", 0xffffffffn],
  // mov ecx,104; mov ebx,5; lar ebx,ecx; and ebx,0xf0ff00
  ["LAR: a small segment", "b968000000bb050000000f02d981e300fff000f4", 0x409300n],
  // mov ecx,104; mov ebx,5; lsl ebx,ecx
  ["LSL: a small segment", "b968000000bb050000000f03d9f4", 0x100n],
  // mov ecx,40; mov ebx,5; lar ebx,ecx; and ebx,0xf0ff00
  ["LAR: a task", "b928000000bb050000000f02d981e300fff000f4", 0x8900n],
  // mov ecx,40; mov ebx,5; lsl ebx,ecx
  ["LSL: a task", "b928000000bb050000000f03d9f4", 0x67n],
  // mov ecx,256; mov ebx,5; lar ebx,ecx
  ["LAR: beyond the table", "b900010000bb050000000f02d9f4", 5n],
  // mov ecx,256; mov ebx,5; lsl ebx,ecx
  ["LSL: beyond the table", "b900010000bb050000000f03d9f4", 5n],
  // mov ecx,0; mov ebx,5; lar ebx,ecx
  ["LAR: null", "b900000000bb050000000f02d9f4", 5n],
  // mov ecx,0; mov ebx,5; lsl ebx,ecx
  ["LSL: null", "b900000000bb050000000f03d9f4", 5n],
];

outcomeCases(cases, { manualOnly: /^LTR: null$/, hardwareOnly: /^(IRETQ to data$|VERR|LAR|LSL)/ });
