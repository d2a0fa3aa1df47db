# House tests that are a command or a compilation rather than a program of ours.

# Every header compiles alone: one source per header, which includes it and nothing else. Once is enough: not under sanitizers.
if(NOT LOGWISP_SANITIZE)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
       ${CMAKE_SOURCE_DIR}/include/*.hpp ${CMAKE_SOURCE_DIR}/src/*.hpp)
  set(alone)
  foreach(header ${headers})
    string(REGEX REPLACE "^(include|src)/" "" include ${header})
    string(REPLACE "/" "_" name ${include})
    set(source ${CMAKE_CURRENT_BINARY_DIR}/headers_alone/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${include}\"\n")
    list(APPEND alone ${source})
  endforeach()
  add_library(headers_alone OBJECT ${alone})
  target_compile_options(headers_alone PRIVATE -O0)
  target_link_libraries(headers_alone PRIVATE logwisp_core logwisp_app)
endif()

# Commands over the tree: the same for every kind of build, so they run with the release only.
function(house_command name)
  add_test(NAME house_${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(house_${name} PROPERTIES LABELS release)
endfunction()
house_command(shell sh tests/house/shell.sh)
house_command(format sh tests/house/format.sh)
house_command(unit sh tests/house/unit.sh $<TARGET_FILE:logwisp>)
set_tests_properties(house PROPERTIES LABELS release)
