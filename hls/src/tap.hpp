// SPDX-License-Identifier: Apache-2.0
/// Verification taps: in C simulation, TAP records what is in a stream between two layers. In synthesis it is nothing.
///
/// Parameters
///   layer   index of the tap, from network.hpp
///   stream  any stream of Beat
#pragma once

#ifdef ACCEL_TAPS
#include "tap_recorder.hpp"
#define TAP(layer, stream) accel::record_tap(layer, stream)
#define TAP_IF(condition, layer, stream) ((condition) ? accel::record_tap(layer, stream) : (void)0)
#else
#define TAP(layer, stream)
#define TAP_IF(condition, layer, stream)
#endif
