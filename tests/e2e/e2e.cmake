# End-to-end tests: the real program and real clients (curl, nc, telnet, socat, Node's eventsource, Chromium, logrotate), each file once
# per backend. The npm packages are installed once, from the lock file.
find_program(NODE node REQUIRED)
find_program(NPM npm REQUIRED)

# ./bootstrap test unpacks them; the test that needs them says so when they are not there.
find_program(PROMETHEUS prometheus HINTS ${CMAKE_SOURCE_DIR}/build/third_party/prometheus)
find_program(PROMTOOL promtool HINTS ${CMAKE_SOURCE_DIR}/build/third_party/prometheus)

set(E2E_DEADLINE_MS 20000)
set(E2E_SANITIZED 0)
if(LOGWISP_SANITIZE)
  set(E2E_DEADLINE_MS 60000)
  set(E2E_SANITIZED 1)
endif()

set(E2E_DIR ${CMAKE_CURRENT_SOURCE_DIR}/e2e)
add_test(NAME e2e_packages COMMAND sh ${E2E_DIR}/install-packages.sh)
set_tests_properties(e2e_packages PROPERTIES FIXTURES_SETUP e2e_packages TIMEOUT 300)

# Where readers of several cores, reload and shutdown meet: also under ThreadSanitizer.
set(E2E_OF_SEVERAL_CORES clients hanging reload shutdown limits)

file(GLOB files CONFIGURE_DEPENDS RELATIVE ${E2E_DIR} ${E2E_DIR}/*.test.mjs)
foreach(file ${files})
  string(REPLACE ".test.mjs" "" name ${file})
  foreach(backend io_uring epoll)
    set(labels e2e)
    if(name IN_LIST E2E_OF_SEVERAL_CORES)
      list(APPEND labels threads)
    endif()
    set(run)
    # It mounts: nothing of that stays, however it ends.
    if(name STREQUAL "hanging")
      set(run ${CMAKE_CURRENT_SOURCE_DIR}/torture/run.sh)
    endif()
    add_test(NAME e2e_${name}_${backend} COMMAND ${run} ${NODE} ${E2E_DIR}/${file})
    set_tests_properties(e2e_${name}_${backend} PROPERTIES
      FIXTURES_REQUIRED e2e_packages
      LABELS "${labels}"
      TIMEOUT 240
      ENVIRONMENT "E2E_PROGRAM=$<TARGET_FILE:logwisp>;E2E_REFUSE=$<TARGET_FILE:refuse>;E2E_HANGING_FS=$<TARGET_FILE:hanging_fs>;E2E_BACKEND=${backend};E2E_DEADLINE_MS=${E2E_DEADLINE_MS};E2E_SANITIZED=${E2E_SANITIZED};E2E_PROMETHEUS=${PROMETHEUS};E2E_PROMTOOL=${PROMTOOL}")
    # It switches something off for the whole machine.
    if(name STREQUAL "uring_denied")
      set_tests_properties(e2e_${name}_${backend} PROPERTIES RUN_SERIAL ON)
    endif()
  endforeach()
endforeach()
