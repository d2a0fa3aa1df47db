// Ties a row of the option table to the field of Config it stands for: kind, reader and writer
// follow from the field's type. Used by the tables only.
#pragma once

#include <algorithm>
#include <optional>
#include <type_traits>
#include <utility>

#include "app/options.hpp"
#include "base/check.hpp"

namespace logwisp {

using Names = std::vector<std::string_view>;

// In the order of the enumerators.
inline const Names& names_of(HeartbeatFormat) {
    static const Names names{"comment", "json"};
    return names;
}
inline const Names& names_of(StartAt) {
    static const Names names{"end", "beginning"};
    return names;
}
inline const Names& names_of(FollowSymlinks) {
    static const Names names{"owned", "all", "none"};
    return names;
}
inline const Names& names_of(StateSync) {
    static const Names names{"none", "interval", "batch"};
    return names;
}
inline const Names& names_of(SystemCallFilter) {
    static const Names names{"off", "on", "log"};
    return names;
}
inline const Names& names_of(BackendName) {
    static const Names names{"auto", "io_uring", "epoll"};
    return names;
}
inline const Names& names_of(DiagnosticLevel) {
    static const Names names{"debug", "info", "warn", "error"};
    return names;
}
inline const Names& names_of(DiagnosticFormat) {
    static const Names names{"text", "json"};
    return names;
}

template <class T>
struct Unwrapped {
    using Type = T;
};
template <class T>
struct Unwrapped<std::optional<T>> {
    using Type = T;
};

template <class T>
constexpr Kind kind_of() {
    using Bare = typename Unwrapped<T>::Type;
    if constexpr (std::is_same_v<Bare, bool>) return Kind::boolean;
    if constexpr (std::is_enum_v<Bare>) return Kind::choice;
    if constexpr (std::is_same_v<Bare, std::string>) return Kind::text;
    if constexpr (std::is_same_v<Bare, Texts>) return Kind::texts;
    return Kind::integer;
}

template <class T>
Value to_value(const T& place) {
    if constexpr (std::is_enum_v<T>) {
        return std::string(names_of(T{})[static_cast<std::size_t>(place)]);
    } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
        return static_cast<std::int64_t>(place);
    } else {
        return place;
    }
}
template <class T>
Value to_value(const std::optional<T>& place) {
    return place ? to_value(*place) : Value();
}

template <class T>
void from_value(T& place, const Value& value) {
    using Bare = typename Unwrapped<T>::Type;
    if constexpr (std::is_enum_v<Bare>) {
        const Names& names = names_of(Bare{});
        auto found = std::find(names.begin(), names.end(), std::get<std::string>(value));
        CHECK(found != names.end());
        place = static_cast<Bare>(found - names.begin());
    } else if constexpr (std::is_integral_v<Bare> && !std::is_same_v<Bare, bool>) {
        place = static_cast<Bare>(std::get<std::int64_t>(value));
    } else {
        place = std::get<Bare>(value);
    }
}

// `Access` says where in the subject the value lives, once for reading and writing.
template <class Subject, class Access>
OptionOf<Subject> at(Option option, Access) {
    using Field = std::remove_cvref_t<decltype(Access{}(std::declval<Subject&>()))>;
    OptionOf<Subject> out{std::move(option)};
    out.kind = kind_of<Field>();
    using Bare = typename Unwrapped<Field>::Type;
    if constexpr (std::is_enum_v<Bare>) out.choices = names_of(Bare{});
    out.get = [](const Subject& subject) { return to_value(Access{}(subject)); };
    out.set = [](Subject& subject, const Value& value) { from_value(Access{}(subject), value); };
    return out;
}

constexpr std::string_view host_expectation =
    R"(an IPv4 or IPv6 address, "localhost", or "*" for all addresses)";
constexpr std::int64_t port_max = 65535;
constexpr std::int64_t day_ms = 86'400'000;
constexpr std::int64_t day_seconds = 86'400;
constexpr std::int64_t ten_years_hours = 87'600;

}  // namespace logwisp
