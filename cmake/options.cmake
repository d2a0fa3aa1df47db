# Warnings are errors on GCC and clang; one interface target carries what every library of ours is built with.
add_library(logwisp_options INTERFACE)
target_include_directories(logwisp_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src
                                                     ${CMAKE_BINARY_DIR}/generated)
target_compile_options(logwisp_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                                 -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror
                                                 $<$<CXX_COMPILER_ID:GNU>:-Wno-psabi>
                                                 # GCC 12 sees them in std::string and std::sort where they are not (bugs 105651, 105562).
                                                 $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict$<SEMICOLON>-Wno-array-bounds$<SEMICOLON>-Wno-maybe-uninitialized>)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
string(REPLACE "-DNDEBUG" "" CMAKE_CXX_FLAGS_RELWITHDEBINFO "${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
# Not -O3: it builds longer, and nothing here waits for the loops it unrolls.
# _FORTIFY_SOURCE as distributions have it: what it finds is to be found here.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG -D_FORTIFY_SOURCE=2")
set(CMAKE_C_FLAGS_RELEASE "-O2 -DNDEBUG -D_FORTIFY_SOURCE=2")
if(LOGWISP_SANITIZE)
  add_compile_options(-fsanitize=${LOGWISP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LOGWISP_SANITIZE})
  # They look into /proc and make system calls of their own: the service does not confine itself then.
  add_compile_definitions(LOGWISP_SANITIZED)
  if(LOGWISP_SANITIZE MATCHES "undefined")
    # It looks whether memory may be read with a pipe, and calls a fault what is only a lack of descriptors.
    add_compile_options(-fno-sanitize=vptr)
  endif()
endif()
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
