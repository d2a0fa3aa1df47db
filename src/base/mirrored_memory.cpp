#include "base/mirrored_memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <bit>

#include <initializer_list>

#include "base/check.hpp"

namespace logwisp {

namespace {

constexpr int access = PROT_READ | PROT_WRITE;

// Needs no descriptor: a ring is made while the process runs, when the first reader of a core comes,
// and at that moment readers may have taken all descriptors there are. mremap() of zero bytes of a
// shared mapping maps the same pages once more.
bool map_twice(char* first, std::size_t bytes) {
    if (::mmap(first, bytes, access, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != first)
        return false;
    char* second = first + bytes;
    return ::mremap(first, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, second) == second;
}

// Where that is refused: valgrind does.
bool map_file_twice(char* first, std::size_t bytes) {
    const int file = ::memfd_create("logwisp-ring", MFD_CLOEXEC);
    if (file < 0) return false;
    bool mapped = ::ftruncate(file, static_cast<off_t>(bytes)) == 0;
    for (char* half : {first, first + bytes})
        mapped = mapped && ::mmap(half, bytes, access, MAP_SHARED | MAP_FIXED, file, 0) == half;
    return ::close(file) == 0 && mapped;
}

}  // namespace

MirroredMemory::MirroredMemory(std::size_t bytes) {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    bytes_ = std::bit_ceil(bytes < page ? page : bytes);
    void* whole = ::mmap(nullptr, 2 * bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(whole != MAP_FAILED);
    data_ = static_cast<char*>(whole);
    const bool mapped = map_twice(data_, bytes_) || map_file_twice(data_, bytes_);
    CHECK(mapped);
}

MirroredMemory::~MirroredMemory() { CHECK(::munmap(data_, 2 * bytes_) == 0); }

}  // namespace logwisp
