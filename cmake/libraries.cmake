# The libraries, all from Debian 12. libcurl and libmicrohttpd are built by scripts/deps from Debian's
# own source packages, because Debian's static ones need Kerberos and GnuTLS; every preset uses
# these two, so that what is tested is what ships.
find_package(PkgConfig REQUIRED)
pkg_check_modules(json REQUIRED json-c)
pkg_check_modules(protobufc REQUIRED libprotobuf-c)
pkg_check_modules(grpc REQUIRED grpc)
pkg_check_modules(cmocka REQUIRED cmocka)

if(STEELYARD_STATIC)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
endif()

function(sy_library name)
  add_library(sy_lib_${name} INTERFACE)
  add_library(sy::${name} ALIAS sy_lib_${name})
  target_link_libraries(sy_lib_${name} INTERFACE ${ARGN})
endfunction()

function(sy_find variable name)
  find_library(${variable} ${name} REQUIRED)
endfunction()

sy_find(json_lib json-c)
sy_find(protobufc_lib protobuf-c)
sy_find(ssl_lib ssl)
sy_find(crypto_lib crypto)
sy_find(cares_lib cares)
sy_find(z_lib z)
sy_find(expat_lib expat)
sy_find(msgpack_lib msgpackc)

sy_library(json ${json_lib})
sy_library(expat ${expat_lib})
sy_library(msgpack ${msgpack_lib})
sy_library(crypto ${ssl_lib} ${crypto_lib} pthread dl)
sy_library(protobufc ${protobufc_lib})
sy_library(curl ${STEELYARD_DEPS}/lib/libcurl.a sy::crypto ${cares_lib})
target_include_directories(sy_lib_curl SYSTEM INTERFACE ${STEELYARD_DEPS}/include)
target_compile_definitions(sy_lib_curl INTERFACE CURL_STATICLIB)
sy_library(microhttpd ${STEELYARD_DEPS}/lib/libmicrohttpd.a pthread)
target_include_directories(sy_lib_microhttpd SYSTEM INTERFACE ${STEELYARD_DEPS}/include)
sy_library(cmocka cmocka)

# CMake keeps each library once in a link line, and both libcurl and gRPC need these: once more, last.
string(APPEND CMAKE_C_STANDARD_LIBRARIES " -lssl -lcrypto -lcares")

# gRPC and its family refer to each other in circles: one group.
if(STEELYARD_STATIC)
  set(absl ${grpc_STATIC_LIBRARIES})
  list(FILTER absl INCLUDE REGEX "^absl_")
  list(REMOVE_DUPLICATES absl)
  sy_library(grpc -Wl,--start-group grpc address_sorting re2 upb gpr ${absl} ${cares_lib} ${z_lib}
    ${ssl_lib} ${crypto_lib} stdc++ m -Wl,--end-group pthread dl)
else()
  sy_library(grpc grpc gpr pthread)
endif()
target_include_directories(sy_lib_grpc SYSTEM INTERFACE ${grpc_INCLUDE_DIRS})
