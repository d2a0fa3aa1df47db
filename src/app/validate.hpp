// The rules between keys: unique names, something to follow, somebody to serve, no two listeners in
// one place, no two things at one URL. Pure. Says nothing about what follows only from a value that
// was refused already.
#pragma once

#include "app/load.hpp"

namespace logwisp {

void validate(Loaded& loaded);

}  // namespace logwisp
