# SPDX-License-Identifier: Apache-2.0
# The system's llhttp where there is one, else Debian 12's packaged sources (node-llhttp), compiled
# strict: the package's own header leaves strictness to whoever compiles it.
pkg_check_modules(llhttp QUIET IMPORTED_TARGET libllhttp)
if(TARGET PkgConfig::llhttp)
    add_library(troth_llhttp ALIAS PkgConfig::llhttp)
    return()
endif()
find_path(LLHTTP_SOURCES llhttp.c PATHS /usr/share/llhttp NO_DEFAULT_PATH REQUIRED)
find_path(LLHTTP_INCLUDE llhttp.h PATHS /usr/share/include/llhttp /usr/include/llhttp NO_DEFAULT_PATH REQUIRED)
add_library(troth_llhttp STATIC
    ${LLHTTP_SOURCES}/llhttp.c ${LLHTTP_SOURCES}/api.c ${LLHTTP_SOURCES}/http.c)
target_include_directories(troth_llhttp SYSTEM PUBLIC ${LLHTTP_INCLUDE})
target_compile_definitions(troth_llhttp PUBLIC LLHTTP_STRICT_MODE=1)
target_compile_options(troth_llhttp PRIVATE -w)
