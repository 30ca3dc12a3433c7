# What belongs to the program besides itself, made from what it says of itself: man pages (where scdoc
# is) and completions; and where all of it is installed.
include(GNUInstallDirs)
set(made ${CMAKE_BINARY_DIR}/share)

find_program(SCDOC scdoc)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
if(SCDOC)
  # Dated by the commit, so that the same commit makes the same pages.
  set(dated)
  if(SY_COMMIT_TIME)
    set(dated SOURCE_DATE_EPOCH=${SY_COMMIT_TIME})
  endif()
  file(GLOB prose CONFIGURE_DEPENDS man/*.scd)
  add_custom_command(OUTPUT ${made}/man.done
    COMMAND ${CMAKE_COMMAND} -E env ${dated} ${Python3_EXECUTABLE} -B ${CMAKE_SOURCE_DIR}/man/pages.py
            $<TARGET_FILE:steelyard> ${made}/man
    COMMAND ${CMAKE_COMMAND} -E touch ${made}/man.done
    DEPENDS steelyard man/pages.py ${prose} COMMENT "Man pages" VERBATIM)
  add_custom_target(man ALL DEPENDS ${made}/man.done)
  install(DIRECTORY ${made}/man/ DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
else()
  message(STATUS "No man pages: scdoc is not installed")
  add_custom_target(man)
endif()

set(completions)
function(sy_completion shell file folder)
  add_custom_command(OUTPUT ${made}/${file}
    COMMAND steelyard completion ${shell} >${made}/${file}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${made}/${file}.new ${made}/${file}
    DEPENDS steelyard)
  install(FILES ${made}/${file} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
  set(completions ${completions} ${made}/${file} PARENT_SCOPE)
endfunction()
file(MAKE_DIRECTORY ${made})
sy_completion(bash steelyard bash-completion/completions)
sy_completion(zsh _steelyard zsh/site-functions)
sy_completion(fish steelyard.fish fish/vendor_completions.d)
add_custom_target(completions ALL DEPENDS ${completions})

install(TARGETS steelyard)
install(FILES README.md ARCHITECTURE.md CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY proto DESTINATION ${CMAKE_INSTALL_DATADIR}/steelyard FILES_MATCHING PATTERN "*.proto")
