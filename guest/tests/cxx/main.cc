/*
 * cxx: C++ links and runs: constructors before the program, templates, virtual functions, new and delete on the heap
 * that the start gave. Without exceptions and run-time type information, as unikernels in C++ are built.
 */
#include "test.h"

extern "C" {
typedef void (*constructor)(void);
/* From the linker script. */
extern const constructor __init_array_start[], __init_array_end[];
}

namespace {

uintptr_t heap_next;

template <typename T> struct Cell {
    T value;
    Cell *next;
};

template <typename T> class List {
public:
    void push(T value) { head_ = new Cell<T>{ value, head_ }; }

    template <typename Function> T fold(T start, Function function) const
    {
        for (const Cell<T> *cell = head_; cell != nullptr; cell = cell->next)
            start = function(start, cell->value);
        return start;
    }

private:
    Cell<T> *head_ = nullptr;
};

struct Shape {
    virtual uint64_t area() const = 0;
};

struct Square final : Shape {
    explicit Square(uint64_t side) : side_(side) {}
    uint64_t area() const override { return side_ * side_; }
    uint64_t side_;
};

/* Not a constant: its constructor has to run. */
struct Counter {
    Counter() : value(solo5_clock_monotonic() != 0 ? 42 : 41) {}
    volatile int value;
} counter;

} // namespace

void *operator new(size_t size)
{
    uintptr_t at = heap_next;
    heap_next += (size + 15) & ~size_t{ 15 };
    return reinterpret_cast<void *>(at);
}

void operator delete(void *) noexcept {}
void operator delete(void *, size_t) noexcept {}

extern "C" void __cxa_pure_virtual()
{
    solo5_abort();
}

extern "C" int solo5_app_main(const struct solo5_start_info *info)
{
    title("test_cxx");
    heap_next = info->heap_start;
    for (const constructor *c = __init_array_start; c != __init_array_end; c++)
        (*c)();
    if (counter.value != 42) return failure("a constructor did not run");

    List<uint64_t> list;
    for (uint64_t i = 1; i <= 10; i++) {
        const Shape *shape = new Square(i);
        list.push(shape->area());
        delete static_cast<const Square *>(shape);
    }
    if (list.fold(0, [](uint64_t a, uint64_t b) { return a + b; }) != 385) return failure("the sum is wrong");
    return success();
}
