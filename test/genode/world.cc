/*
 * The rest of the system, and a unikernel that asks for all of it: what the component in guest/genode does with sessions. Prints a line
 * for each thing that is not as it should be, and `fine` at its end.
 */
#include <base/attached_rom_dataspace.h>
#include <base/component.h>
#include <block_session/connection.h>
#include <nic_session/connection.h>
#include <rtc_session/connection.h>
#include <timer_session/connection.h>

#include <vector>

#include "solo5.h"

static unsigned wrong;
#define EXPECT(what) ((what) ? (void)0 : (void)(wrong++, printf("line %d: %s\n", __LINE__, #what)))

/* ---- The system ---- */

char const *Genode::rom_config = "<config>\n<cmdline>one two</cmdline>\n</config>";

static Genode::Env env;
static Timer::Connection *timer;
static Nic::Connection *nic;
static Block::Connection<> *block;
static std::vector<char> disk(512 * 1024);
static bool is_read_only, fails, has_rtc = true;
static unsigned transfers;
/* A frame that comes once so much time has passed. */
static Genode::uint64_t frame_at = ~0ull;

static void signal(Genode::Signal_context_capability cap)
{
    if (cap.handler != nullptr) env.its_ep.pending.push_back(cap.handler);
}

Timer::Connection::Connection(Genode::Env &env, Genode::Label const &) : env(env) { timer = this; }

Nic::Connection::Connection(Genode::Env &, Genode::Range_allocator *, Genode::size_t sent_size,
                            Genode::size_t received_size, Genode::Label const &label)
    : sent(sent_size, 4, 3), received(received_size, 4, 0), label(label.text)
{
    nic = this;
}

template <>
Block::Connection<>::Connection(Genode::Env &, Genode::Range_allocator *, Genode::size_t size, Genode::Label const &label)
    : stream(size, 8, 8), label(label.text)
{
    block = this;
}

template <> Block::Session::Info Block::Connection<>::info() const
{
    return { 4096, disk.size() / 4096, 12, !is_read_only };
}

Rtc::Connection::Connection(Genode::Env &, Genode::Label const &)
{
    if (!has_rtc) throw 1;
}

/* 2024-02-29 23:59:59 and a half. */
Rtc::Timestamp Rtc::Connection::current_time() { return { 500000, 59, 59, 23, 29, 2, 2024 }; }

static void deliver(char first, Genode::size_t size, Genode::size_t beyond = 0)
{
    static Genode::off_t at;
    at = (at + 1600) % 16000;
    Genode::Packet_descriptor const packet(beyond != 0 ? Genode::off_t(beyond) : at, size);
    if (beyond == 0) memset(nic->received.packet_content(packet), first, size);
    nic->received.submit_packet(packet);
    signal(nic->received.on_avail);
}

static void turn()
{
    while (block != nullptr && block->stream.packet_avail()) {
        auto packet = block->stream.get_packet();
        char *const content = block->stream.packet_content(packet);
        char *const place = &disk[packet.block_number() * 4096];
        transfers++;
        EXPECT(packet.block_count() * 4096 == packet.size() && packet.offset() % 4096 == 0);
        if (packet.operation() == Block::Packet_descriptor::WRITE) memcpy(place, content, packet.size());
        else memcpy(content, place, packet.size());
        packet.succeeded(!fails);
        block->stream.acknowledge_packet(packet);
        signal(block->stream.on_avail);
    }
    if (timer->due == ~0ull && frame_at == ~0ull) return;
    timer->now = timer->due < frame_at ? timer->due : frame_at;
    if (timer->now == frame_at) {
        frame_at = ~0ull;
        deliver('x', 60);
    } else {
        timer->due = ~0ull;
        env.its_ep.pending.push_back(&timer->fired);
    }
}

/* ---- The unikernel ---- */

/* docs/abi.md 1.2: three entries, the first of which is nobody's. */
struct Note {
    Genode::uint32_t header[6];
    Genode::uint32_t version, entries;
    struct {
        char name[68];
        Genode::uint32_t type;
        char rest[32];
    } entry[3];
};
extern "C" {
extern Note const __solo5_mft1_note;
Note const __solo5_mft1_note = { {}, 1, 3, { { "", 1u << 30, {} }, { "service0", 2, {} }, { "storage", 1, {} } } };
}

static void try_network()
{
    solo5_handle_t handle = 99;
    struct solo5_net_info info;
    EXPECT(solo5_net_acquire("storage", &handle, &info) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_acquire("nothing", &handle, &info) == SOLO5_R_EINVAL && handle == 99);
    EXPECT(solo5_net_acquire("service0", &handle, &info) == SOLO5_R_OK && handle == 1);
    EXPECT(info.mtu == 1500 && info.mac_address[0] == 2 && info.mac_address[5] == 7);
    EXPECT(strcmp(nic->label, "service0") == 0);
    unsigned char frame[2000];
    memset(frame, 'f', sizeof frame);
    size_t got = 7;
    EXPECT(solo5_net_read(1, frame, sizeof frame, &got) == SOLO5_R_AGAIN && got == 7);
    EXPECT(solo5_net_read(2, frame, sizeof frame, &got) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_read(64, frame, sizeof frame, &got) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_write(~0ull, frame, 60) == SOLO5_R_EINVAL);
    EXPECT(solo5_net_write(1, frame, 13) == SOLO5_R_EINVAL && solo5_net_write(1, frame, 1515) == SOLO5_R_EINVAL);
    /* As many as there is memory for, then none, then as many as were acknowledged. */
    for (int i = 0; i < 3; i++)
        EXPECT(solo5_net_write(1, frame, 1514) == SOLO5_R_OK);
    EXPECT(solo5_net_write(1, frame, 60) == SOLO5_R_AGAIN);
    auto const sent = nic->sent.get_packet();
    EXPECT(sent.size() == 1514 && nic->sent.packet_content(sent)[1513] == 'f');
    nic->sent.acknowledge_packet(sent);
    EXPECT(solo5_net_write(1, frame, 60) == SOLO5_R_OK);
    EXPECT(solo5_net_write(1, frame, 60) == SOLO5_R_AGAIN);
    /* Cut to the buffer; and descriptors that point elsewhere. */
    deliver('r', 100);
    EXPECT(solo5_net_read(1, frame, 40, &got) == SOLO5_R_OK && got == 40 && frame[39] == 'r' && frame[40] == 'f');
    deliver('r', 100, 1u << 30);
    EXPECT(solo5_net_read(1, frame, sizeof frame, &got) == SOLO5_R_AGAIN);
    EXPECT(nic->received.acked.size() == 2);
    nic->received.acked.clear();
}

static void try_disk()
{
    solo5_handle_t handle = 0;
    struct solo5_block_info info;
    EXPECT(solo5_block_acquire("service0", &handle, &info) == SOLO5_R_EINVAL);
    EXPECT(solo5_block_acquire("storage", &handle, &info) == SOLO5_R_OK && handle == 2);
    EXPECT(info.block_size == 4096 && info.capacity == disk.size() && strcmp(block->label, "storage") == 0);
    static unsigned char data[200 * 1024], back[200 * 1024];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (unsigned char)(i * 7 >> 3);
    /* More than the session's buffer holds: in parts. */
    transfers = 0;
    EXPECT(solo5_block_write(2, 8192, data, sizeof data) == SOLO5_R_OK && transfers == 4);
    EXPECT(memcmp(&disk[8192], data, sizeof data) == 0);
    EXPECT(solo5_block_read(2, 8192, back, sizeof back) == SOLO5_R_OK && memcmp(back, data, sizeof data) == 0);
    EXPECT(solo5_block_read(2, disk.size() - 4096, back, 4096) == SOLO5_R_OK);
    EXPECT(solo5_block_read(2, disk.size() - 4096, back, 8192) == SOLO5_R_EINVAL);
    EXPECT(solo5_block_read(2, ~0ull - 4095, back, 4096) == SOLO5_R_EINVAL);
    EXPECT(solo5_block_read(2, 512, back, 4096) == SOLO5_R_EINVAL && solo5_block_read(2, 0, back, 512) == SOLO5_R_EINVAL);
    EXPECT(solo5_block_read(2, 0, back, 0) == SOLO5_R_EINVAL && solo5_block_read(1, 0, back, 4096) == SOLO5_R_EINVAL);
    fails = true;
    EXPECT(solo5_block_write(2, 0, data, 4096) == SOLO5_R_EUNSPEC && solo5_block_read(2, 0, back, 4096) == SOLO5_R_EUNSPEC);
    fails = false;
    EXPECT(block->stream.packets == 0);
}

static void try_time()
{
    solo5_time_t const start = solo5_clock_monotonic();
    solo5_handle_set_t ready = 77;
    EXPECT(start == 5000);
    solo5_yield(start, &ready);
    EXPECT(ready == 0 && solo5_clock_monotonic() == start);
    solo5_yield(start + 1500, &ready);
    EXPECT(ready == 0 && solo5_clock_monotonic() >= start + 1500 && solo5_clock_monotonic() <= start + 3000);
    /* A frame ends the wait before its time; one that is there lets nobody wait. */
    frame_at = timer->now + 300;
    solo5_yield(start + 1000000000, &ready);
    EXPECT(ready == 2 && solo5_clock_monotonic() < start + 1000000);
    solo5_time_t const now = solo5_clock_monotonic();
    solo5_yield(~0ull, &ready);
    EXPECT(ready == 2 && solo5_clock_monotonic() == now);
    solo5_yield(now + 1, nullptr);
    unsigned char frame[100];
    size_t got;
    EXPECT(solo5_net_read(1, frame, sizeof frame, &got) == SOLO5_R_OK && got == 60 && frame[0] == 'x');
    /* Where acknowledgements have no room nothing is read. */
    for (int i = 0; i < 4; i++)
        nic->received.acked.push_back({});
    deliver('y', 60);
    EXPECT(solo5_net_read(1, frame, sizeof frame, &got) == SOLO5_R_AGAIN);
    solo5_time_t const wall = solo5_clock_wall();
    EXPECT(wall == (has_rtc ? 1709251199500000000ull : solo5_clock_monotonic()));
    timer->now += 1000;
    EXPECT(solo5_clock_wall() == wall + 1000000);
}

int solo5_app_main(struct solo5_start_info const *info)
{
    EXPECT(strcmp(info->cmdline, "one two") == 0);
    EXPECT(info->heap_size == (8 << 20) - (512 << 10) && ((char *)info->heap_start)[info->heap_size - 1] == '\0');
    EXPECT(solo5_set_tls_base(0) == SOLO5_R_EUNSPEC);
    solo5_console_write("a line\n\n", 8);
    solo5_console_write("", 0);
    solo5_console_write("two\nlines", 9);
    try_network();
    try_disk();
    try_time();
    if (wrong == 0) solo5_console_write("fine\n", 5);
    return 42;
}

int main(int argc, char **argv)
{
    (void)argv;
    has_rtc = argc == 1;
    env.its_ep.world = turn;
    if (Component::stack_size() != 512 * 1024) return 1;
    Component::construct(env);
}
