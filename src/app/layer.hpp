// What one source of configuration (the file, the environment, the flags) has to say, before the
// sources are put on top of each other. Values with their places; a value that broke its rule is
// kept as "not valid", so that later checks do not complain about what is only a consequence of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "app/problem.hpp"

namespace logwisp {

template <class Subject>
struct Setting {
    const OptionOf<Subject>* option = nullptr;
    Value value;
    Place place;
    bool valid = true;
};

struct TargetList {
    std::vector<Target> targets;
    std::vector<Place> places;  // one per target
    Place place;
    bool valid = true;  // false: at least one target was refused
};

struct StreamLayer {
    std::string name;
    Place place;
    std::vector<Setting<StreamConfig>> settings;
    std::optional<TargetList> targets;
};

struct Layer {
    std::vector<Setting<Config>> service;
    StreamLayer top;  // the keys at the top of a file: the implicit stream's, and [monitor] for all
    bool names_streams = false;  // there is a [[streams]]
    std::vector<StreamLayer> streams;
};

}  // namespace logwisp
