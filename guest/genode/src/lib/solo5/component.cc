/*
 * The start of a unikernel: Genode's linker calls in here once it has put the unikernel and this library together.
 */
#include "platform.h"

#include <base/attached_ram_dataspace.h>
#include <base/attached_rom_dataspace.h>
#include <base/component.h>
#include <base/log.h>
#include <base/sleep.h>

#include "solo5.h"

/* The unikernel's own. The note's header comes before the manifest, and 4 bytes that align it. */
extern "C" char const __solo5_mft1_note[];
enum { NOTE_HEADER = 24, HEAP_RESERVE = 512 * 1024, STACK_SIZE = 512 * 1024, CMDLINE_SIZE = 1024 };

static Solo5::Platform *the_platform;

Solo5::Platform &Solo5::platform() { return *the_platform; }

static char cmdline[CMDLINE_SIZE];

/* The text of the node <cmdline> of the configuration. */
static void read_cmdline(Genode::Env &env)
{
    Genode::Attached_rom_dataspace config(env, "config");
    config.xml().with_optional_sub_node("cmdline", [&](auto const &node) {
        node.with_raw_content([&](char const *text, Genode::size_t size) {
            Genode::size_t const length = size < CMDLINE_SIZE - 1 ? size : CMDLINE_SIZE - 1;
            Genode::memcpy(cmdline, text, length);
            cmdline[length] = '\0';
        });
    });
}

/* What is left once the sessions are open, less what they may want later. */
static Genode::size_t heap_size(Genode::Env &env)
{
    Genode::size_t const left = env.pd().avail_ram().value;
    Genode::size_t const size = left > 2 * HEAP_RESERVE ? left - HEAP_RESERVE : left / 2;
    return size & ~Genode::size_t { 0xfff };
}

Genode::size_t Component::stack_size() { return STACK_SIZE; }

void Component::construct(Genode::Env &env)
{
    auto const &manifest = *reinterpret_cast<Solo5::Manifest const *>(__solo5_mft1_note + NOTE_HEADER);
    if (!manifest.valid()) {
        Genode::error("Solo5: the unikernel's manifest is not valid");
        env.parent().exit(-1);
        return;
    }
    read_cmdline(env);
    static Solo5::Platform platform { env, manifest };
    the_platform = &platform;
    static Genode::Attached_ram_dataspace heap { env.ram(), env.rm(), heap_size(env) };
    env.exec_static_constructors();
    solo5_start_info const info { cmdline, reinterpret_cast<uintptr_t>(heap.local_addr<char>()), heap.size() };
    platform.exit(solo5_app_main(&info));
}

void Solo5::Platform::exit(int status)
{
    _env.parent().exit(status);
    Genode::sleep_forever();
}

Solo5::Platform::Platform(Genode::Env &env, Manifest const &manifest) : _env(env), _manifest(manifest)
{
    for (uint32_t i = 1; i < manifest.entries; i++) {
        Device const &device = manifest.device[i];
        if (device.type == NET_BASIC) _networks[i].construct(env, _heap, device.name);
        else _disks[i].construct(env, _heap, device.name);
    }
}

extern "C" {

void solo5_exit(int status) { Solo5::platform().exit(status); }

void solo5_abort(void) { Solo5::platform().exit(SOLO5_EXIT_ABORT); }

/* Genode has the register for itself. */
solo5_result_t solo5_set_tls_base(uintptr_t) { return SOLO5_R_EUNSPEC; }
}
