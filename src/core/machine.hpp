// What the service asks of the machine when it starts. Control thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/plan.hpp"
#include "logwisp/config.hpp"
#include "reactor/backend.hpp"

namespace logwisp {

// As many as the system lets this process have.
void raise_descriptor_limit();
// Much is allocated ahead and counts only where it is touched. Where the system makes huge pages of
// all memory (Debian's default) the kernel fills in what lies between, behind our back: 37 MiB became
// 84 while a reader caught up.
void refuse_huge_pages();
// `wanted`, or as many as this process may run on (0).
std::size_t cores_to_use(std::uint32_t wanted);
BackendOptions backend_options(const Config& config);
std::uint64_t random_seed();
Moment moment();

}  // namespace logwisp
