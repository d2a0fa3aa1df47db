// What a reload has led to, as it is told to whoever asked for it. Value.
#pragma once

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

namespace logwisp {

struct ReloadOutcome {
    int exit_code = 0;
    std::vector<std::string> told;  // what is wrong; or, of one that was done, what it could not do

    [[nodiscard]] bool tells_of(int error) const {
        return std::any_of(told.begin(), told.end(), [error](const std::string& line) {
            return line.find(std::strerror(error)) != std::string::npos;
        });
    }
};

}  // namespace logwisp
