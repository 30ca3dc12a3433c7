# SY_COMMIT: what `steelyard --version` says of where it was built from. From git, with a mark when the
# tree was changed; in a source archive from commit.txt, which `git archive` fills in; else "unknown".
# SY_COMMIT_TIME: when that was, in seconds since 1970; empty when unknown.
set(SY_COMMIT unknown)
set(SY_COMMIT_TIME)
# A git folder above an unpacked archive is of something else.
if(EXISTS ${CMAKE_SOURCE_DIR}/.git)
  execute_process(COMMAND git rev-parse --verify HEAD WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    OUTPUT_VARIABLE head OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(SY_COMMIT ${head})
    execute_process(COMMAND git show -s --format=%ct ${head} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      OUTPUT_VARIABLE SY_COMMIT_TIME OUTPUT_STRIP_TRAILING_WHITESPACE)
    execute_process(COMMAND git status --porcelain --untracked-files=no
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE changed ERROR_QUIET)
    if(changed)
      string(APPEND SY_COMMIT " with changes")
    endif()
  endif()
else()
  file(READ ${CMAKE_SOURCE_DIR}/cmake/commit.txt archived)
  if(archived MATCHES "^([0-9a-f]+) ([0-9]+)")
    set(SY_COMMIT ${CMAKE_MATCH_1})
    set(SY_COMMIT_TIME ${CMAKE_MATCH_2})
  endif()
endif()
set(SY_COMMIT_TIME "${SY_COMMIT_TIME}" CACHE INTERNAL "for scripts/package")
