// LD_PRELOADed into the server by a test: counts every operator new and malloc of the process, and
// writes the two totals as eight-byte numbers at the start of the file named by COUNT_NEW_FILE,
// which is mapped so that a test can watch it while the server runs.
//
// operator new of libstdc++ ends in malloc; replacing malloc here sees both, whichever of them was
// inlined or called from C.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

struct Totals {
    std::atomic<std::uint64_t> news;
    std::atomic<std::uint64_t> mallocs;
};
static_assert(sizeof(Totals) == 16);

constinit Totals before_mapping{};
constinit std::atomic<Totals*> totals{&before_mapping};

__attribute__((constructor)) void map_file() {
    const char* name = std::getenv("COUNT_NEW_FILE");
    if (name == nullptr) return;
    const int file = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof(Totals)) != 0) std::abort();
    void* mapped = mmap(nullptr, sizeof(Totals), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (mapped == MAP_FAILED) std::abort();
    totals.store(static_cast<Totals*>(mapped));
}

void* counted_new(std::size_t bytes) {
    totals.load(std::memory_order_relaxed)->news.fetch_add(1, std::memory_order_relaxed);
    void* memory = std::malloc(bytes == 0 ? 1 : bytes);
    if (memory == nullptr) std::abort();
    return memory;
}

void* counted_new(std::size_t bytes, std::align_val_t alignment) {
    totals.load(std::memory_order_relaxed)->news.fetch_add(1, std::memory_order_relaxed);
    const auto align = static_cast<std::size_t>(alignment);
    void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
    if (memory == nullptr) std::abort();
    return memory;
}

}  // namespace

// glibc's own name for the malloc that stands behind ours. NOLINTNEXTLINE(bugprone-reserved-identifier)
extern "C" void* __libc_malloc(std::size_t bytes);
extern "C" void* malloc(std::size_t bytes) {
    totals.load(std::memory_order_relaxed)->mallocs.fetch_add(1, std::memory_order_relaxed);
    return __libc_malloc(bytes);
}

void* operator new(std::size_t bytes) { return counted_new(bytes); }
void* operator new[](std::size_t bytes) { return counted_new(bytes); }
void* operator new(std::size_t bytes, std::align_val_t align) { return counted_new(bytes, align); }
void* operator new[](std::size_t bytes, std::align_val_t align) {
    return counted_new(bytes, align);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
