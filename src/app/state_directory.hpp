// The state directory when nobody named one: the service manager's, else the user's, else the
// system's. Pure.
#pragma once

#include <string>

#include "app/environment.hpp"

namespace logwisp {

struct UsualDirectory {
    std::string path;  // empty: there is none
    std::string why;   // "$STATE_DIRECTORY"
};

UsualDirectory usual_state_directory(const Environment& environment);

}  // namespace logwisp
