# Torture: the real program, a writer that does not wait, and everything that happens to log files and to a process, each file once per
# backend. The long run is `make torture`.
set(TORTURE_DIR ${CMAKE_CURRENT_SOURCE_DIR}/torture)
file(GLOB files CONFIGURE_DEPENDS RELATIVE ${TORTURE_DIR} ${TORTURE_DIR}/*.test.mjs)
foreach(file ${files})
  string(REPLACE ".test.mjs" "" name ${file})
  foreach(backend io_uring epoll)
    add_test(NAME torture_${name}_${backend} COMMAND ${TORTURE_DIR}/run.sh ${NODE} ${TORTURE_DIR}/${file})
    set_tests_properties(torture_${name}_${backend} PROPERTIES
      LABELS torture
      TIMEOUT 240
      ENVIRONMENT "E2E_PROGRAM=$<TARGET_FILE:logwisp>;E2E_REFUSE=$<TARGET_FILE:refuse>;E2E_BACKEND=${backend};E2E_DEADLINE_MS=${E2E_DEADLINE_MS};E2E_SANITIZED=${E2E_SANITIZED}")
  endforeach()
endforeach()
