# C for the .proto files, made by protobuf-c in the build folder and never committed; and their
# descriptors as one C array, which server reflection serves.
find_program(PROTOC_C protoc-c REQUIRED)
find_program(PROTOC protoc REQUIRED)
file(GLOB_RECURSE protos RELATIVE ${CMAKE_SOURCE_DIR}/proto CONFIGURE_DEPENDS proto/*.proto)
list(TRANSFORM protos PREPEND ${CMAKE_SOURCE_DIR}/proto/ OUTPUT_VARIABLE proto_paths)
set(proto_out ${CMAKE_BINARY_DIR}/proto)
file(MAKE_DIRECTORY ${proto_out})
set(proto_sources)
foreach(proto ${protos})
  string(REGEX REPLACE "\\.proto$" ".pb-c" stem ${proto})
  # All files are dependencies of each: one may import another.
  add_custom_command(
    OUTPUT ${proto_out}/${stem}.c ${proto_out}/${stem}.h
    COMMAND ${PROTOC_C} --proto_path=${CMAKE_SOURCE_DIR}/proto --c_out=${proto_out}
            ${CMAKE_SOURCE_DIR}/proto/${proto}
    DEPENDS ${proto_paths})
  list(APPEND proto_sources ${proto_out}/${stem}.c)
endforeach()
add_custom_command(
  OUTPUT ${proto_out}/descriptors.c
  COMMAND ${PROTOC} --proto_path=${CMAKE_SOURCE_DIR}/proto
          --descriptor_set_out=${proto_out}/descriptors.bin ${protos}
  COMMAND ${CMAKE_COMMAND} -D in=${proto_out}/descriptors.bin -D out=${proto_out}/descriptors.c
          -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
  DEPENDS ${proto_paths} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake)
add_library(sy_proto STATIC ${proto_sources} ${proto_out}/descriptors.c)
target_include_directories(sy_proto SYSTEM PUBLIC ${proto_out} ${protobufc_INCLUDE_DIRS})
target_link_libraries(sy_proto PUBLIC sy::protobufc)
target_compile_options(sy_proto PRIVATE -fPIE -w)
