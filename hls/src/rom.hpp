// SPDX-License-Identifier: Apache-2.0
/// Element type of a table of frozen integers: exact in hardware, native in C simulation (same values, faster start).
///
/// Parameters
///   bits    width of the values
///   native  C++ integer type that holds them
#pragma once

#include "ap_int.h"
#include "compiler.hpp"

#if ACCEL_HARDWARE
#define ROM_CELL(bits, native) ap_int<bits>
#else
#define ROM_CELL(bits, native) native
#endif
