/*
 * The marks in the ELF file: whose unikernel this is, and that no host should run it as its own program.
 */

DECLARE_ELF_INTERP
DECLARE_OPENBSD_NOTE
ABI1_NOTE_DECLARE_BEGIN { .abi_target = BINDINGS_TARGET, .abi_version = BINDINGS_VERSION } ABI1_NOTE_DECLARE_END
