# Everything bought comes from Debian's packages at build time; nothing of it is copied into the tree.
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(PkgConfig REQUIRED)
find_path(LIBURING_INCLUDE liburing.h REQUIRED)
find_library(LIBURING_LIBRARY NAMES liburing.a uring REQUIRED)
find_library(SIMDJSON_LIBRARY simdjson REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)
find_path(EXPECTED_INCLUDE tl/expected.hpp REQUIRED)

# llhttp: Debian ships its C sources in node-llhttp, a package that draws in all of Node. Its two folders are all we need, so
# cmake/fetch-llhttp downloads the package and unpacks them beside the build.
if(EXISTS /usr/share/llhttp/llhttp.c)
  set(LLHTTP_ROOT /usr)
else()
  set(LLHTTP_ROOT ${CMAKE_SOURCE_DIR}/build/third_party/llhttp/usr)
  if(NOT EXISTS ${LLHTTP_ROOT}/share/llhttp/llhttp.c)
    execute_process(COMMAND ${CMAKE_SOURCE_DIR}/cmake/fetch-llhttp ${CMAKE_SOURCE_DIR}/build/third_party/llhttp
                    COMMAND_ERROR_IS_FATAL ANY)
  endif()
endif()
add_library(llhttp STATIC ${LLHTTP_ROOT}/share/llhttp/llhttp.c ${LLHTTP_ROOT}/share/llhttp/http.c
                          ${LLHTTP_ROOT}/share/llhttp/api.c)
target_include_directories(llhttp SYSTEM PUBLIC ${LLHTTP_ROOT}/include/llhttp ${LLHTTP_ROOT}/share/include/llhttp)
target_compile_definitions(llhttp PRIVATE LLHTTP_STRICT_MODE=1)
