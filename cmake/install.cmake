# What `make install` puts where: the programs, their manual pages, the unit, the commented configuration, the shell completion.
include(GNUInstallDirs)
install(TARGETS logwisp logwisp-bench RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES LICENSE README.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR})

foreach(section 1 5 7)
  file(GLOB pages ${CMAKE_SOURCE_DIR}/man/*.${section})
  install(FILES ${pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()

set(completions ${CMAKE_SOURCE_DIR}/packaging/completion)
install(FILES ${completions}/logwisp.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME logwisp)
install(FILES ${completions}/_logwisp DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
install(FILES ${completions}/logwisp.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/packaging/prometheus ${CMAKE_SOURCE_DIR}/packaging/grafana
        DESTINATION ${CMAKE_INSTALL_DATADIR}/logwisp)

# The unit names the program by its full path, which is known only now.
set(LOGWISP_INSTALLED ${CMAKE_INSTALL_FULL_BINDIR}/logwisp)
configure_file(${CMAKE_SOURCE_DIR}/systemd/logwisp.service.in ${CMAKE_BINARY_DIR}/generated/logwisp.service @ONLY)
set(LOGWISP_UNIT_DIR lib/systemd/system CACHE STRING "Where units are installed, below the prefix or absolute")
install(FILES ${CMAKE_BINARY_DIR}/generated/logwisp.service ${CMAKE_SOURCE_DIR}/systemd/logwisp.socket DESTINATION ${LOGWISP_UNIT_DIR})
install(FILES ${CMAKE_SOURCE_DIR}/systemd/logwisp.sysusers DESTINATION lib/sysusers.d RENAME logwisp.conf)
