// SPDX-License-Identifier: Apache-2.0
/// Element type of a table of frozen integers: exact in synthesis, native in C simulation (same values, faster start).
///
/// Parameters
///   bits    width of the values
///   native  C++ integer type that holds them
#pragma once

#include "ap_int.h"

#ifdef __SYNTHESIS__
#define ROM_CELL(bits, native) ap_int<bits>
#else
#define ROM_CELL(bits, native) native
#endif
