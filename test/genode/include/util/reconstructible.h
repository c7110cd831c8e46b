#pragma once

#include <base/stdint.h>
#include <utility>

namespace Genode {
template <typename T> class Constructible : Noncopyable {
    T *_object = nullptr;

public:
    void construct(auto &&...args) { _object = new T(std::forward<decltype(args)>(args)...); }
    bool constructed() const { return _object != nullptr; }
    T *operator->() { return _object; }
    T &operator*() { return *_object; }
};
} // namespace Genode
