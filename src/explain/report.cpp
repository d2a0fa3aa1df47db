#include "explain/report.hpp"

namespace logwisp {

bool StreamReport::followed() const {
    // What is not there yet cannot be read yet.
    const bool here = verdict.code != "missing";
    return server.answered() && here ? server.reads_it() : verdict.followed;
}

}  // namespace logwisp
