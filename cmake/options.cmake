# SPDX-License-Identifier: Apache-2.0
# Warnings, language level and hardening, for our own code only.
include(CheckCCompilerFlag)

option(TROTH_WERROR "Treat warnings as errors" OFF)
option(TROTH_HARDENING "Hardening flags of a release" OFF)
option(TROTH_SANITIZE "AddressSanitizer and UndefinedBehaviorSanitizer" OFF)

add_library(troth_options INTERFACE)
target_compile_features(troth_options INTERFACE c_std_17)
# 64-bit file offsets: without them a 32-bit program cannot read directories of large file systems.
target_compile_definitions(troth_options INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(troth_options INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wpointer-arith -Wwrite-strings
    -Wswitch-enum -Wnull-dereference)
if(TROTH_WERROR)
    target_compile_options(troth_options INTERFACE -Werror)
endif()

# Assertions mark our own mistakes and stay in whatever is built, CMake's default build types included.
foreach(type IN ITEMS RELEASE RELWITHDEBINFO MINSIZEREL)
    string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_${type} "${CMAKE_C_FLAGS_${type}}")
endforeach()

# Small: what nothing calls is not linked, and what is left is optimised as one.
if(TROTH_MINIMAL)
    include(CheckIPOSupported)
    check_ipo_supported(RESULT have_ipo OUTPUT why_not LANGUAGES C)
    set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ${have_ipo})
    add_compile_options(-ffunction-sections -fdata-sections)
    add_link_options(-Wl,--gc-sections -Wl,--as-needed)
endif()

# Sanitizers and hardening exclude each other: FORTIFY and automatic initialisation blind them.
if(TROTH_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
    target_compile_definitions(troth_options INTERFACE TROTH_SANITIZE=1)
elseif(TROTH_HARDENING)
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
    foreach(flag IN ITEMS -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero
                          -fzero-call-used-regs=used-gpr -fstrict-flex-arrays=3)
        string(MAKE_C_IDENTIFIER "HAVE${flag}" have)
        check_c_compiler_flag(${flag} ${have})
        if(${have})
            add_compile_options(${flag})
        endif()
    endforeach()
    add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
    set(CMAKE_POSITION_INDEPENDENT_CODE ON)
    set(CMAKE_EXE_LINKER_FLAGS "${CMAKE_EXE_LINKER_FLAGS} -pie")
endif()
