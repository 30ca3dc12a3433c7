# How our own code is compiled: warnings are errors, and the hardening that GCC 12 offers.
add_library(sy_flags INTERFACE)
target_compile_definitions(sy_flags INTERFACE _GNU_SOURCE)
target_compile_options(sy_flags INTERFACE
  -Wall -Wextra -Werror -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes
  -Wformat=2 -Wno-format-truncation -Wno-missing-field-initializers
  -fPIE -fstack-protector-strong -fstack-clash-protection -fcf-protection
  -ftrivial-auto-var-init=zero -fno-strict-aliasing -fno-common)
target_link_options(sy_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

if(STEELYARD_SANITIZE)
  target_compile_options(sy_flags INTERFACE -fsanitize=${STEELYARD_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(sy_flags INTERFACE -fsanitize=${STEELYARD_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(sy_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

# Where it was built is no part of what ships: the same commit makes the same bytes in any folder.
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
endif()
