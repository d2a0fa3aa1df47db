#include "base/mirrored_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>

#include <initializer_list>

#include "base/check.hpp"

namespace logwisp {

MirroredMemory::MirroredMemory(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    bytes_ = std::bit_ceil(bytes < page ? page : bytes);
    const int file = ::memfd_create("logwisp-ring", MFD_CLOEXEC);
    CHECK(file >= 0);
    CHECK(::ftruncate(file, static_cast<off_t>(bytes_)) == 0);
    void* whole = ::mmap(nullptr, 2 * bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(whole != MAP_FAILED);
    data_ = static_cast<char*>(whole);
    for (char* half : {data_, data_ + bytes_}) {
        void* mapped =
            ::mmap(half, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
        CHECK(mapped == half);
    }
    // The mappings keep the memory; the descriptor is not needed and would count against the limit.
    CHECK(::close(file) == 0);
}

MirroredMemory::~MirroredMemory() { CHECK(::munmap(data_, 2 * bytes_) == 0); }

}  // namespace logwisp
