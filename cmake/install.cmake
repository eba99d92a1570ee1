# What `make install` puts where: both libraries, headers, pkg-config and CMake packages, the tool, its man page and completion.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS persihash EXPORT persihashTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS persihash_static ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS psh_tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY include/persihash DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT persihashTargets NAMESPACE persihash:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/persihash)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/persihashConfig.cmake.in persihashConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/persihash)
write_basic_package_version_file(persihashConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/persihashConfig.cmake ${CMAKE_BINARY_DIR}/persihashConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/persihash)

# Trained models, for encode --model NAME.
install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/persihash/models FILES_MATCHING PATTERN "*.safetensors")

# The .pc file finds its prefix from where it lies, so the tree may be installed under any --prefix.
file(RELATIVE_PATH PSH_PC_TO_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_CURRENT_LIST_DIR}/persihash.pc.in persihash.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/persihash.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# The tool writes its own man page and completion from its table of options, so that they cannot disagree with it.
add_custom_command(OUTPUT persihash.1 persihash.bash
  COMMAND psh_tool help --man > persihash.1
  COMMAND psh_tool help --bash > persihash.bash
  DEPENDS psh_tool VERBATIM)
add_custom_target(psh_manual ALL DEPENDS persihash.1 persihash.bash)
install(FILES ${CMAKE_BINARY_DIR}/persihash.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${CMAKE_BINARY_DIR}/persihash.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME persihash)
