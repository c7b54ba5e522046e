// SPDX-License-Identifier: Apache-2.0
/// What differs between compilers: one macro for each thing to say, in the form that each compiler takes. (A stream
/// without a name makes one up whenever it is constructed, which C simulation feels.)
///
///   macro                     vendor's compiler                  Bambu                        g++ (C simulation)
///   ACCEL_PIPELINE            loop's body, one step a cycle      nothing: refuses it          nothing
///   ACCEL_UNROLL_BEFORE       nothing                            before the loop              nothing
///   ACCEL_UNROLL_INSIDE       loop's body                        nothing: its clang crashes   nothing
///   ACCEL_INLINE              function's body                    nothing: see below           nothing
///   ACCEL_DATAFLOW            function's body                    nothing: see below           nothing
///   ACCEL_PRAGMA(text)        #pragma HLS text                   nothing: see below           nothing
///   ACCEL_NAMED("name")       the name of a stream               nothing: has no names        the name of a stream
///
/// Bambu refuses a pragma HLS that comes from a macro ("Unassociated HLS pragma": it looks for the function around the
/// pragma's place in the file). It inlines without being told, and is given one process at a time (hls/tops.py).
///
/// ACCEL_HARDWARE is 1 where types are those of hardware: exact integers and packed words. In C simulation native
/// integers and structures stand for them, many times as fast; a test simulates both.
#pragma once

#define ACCEL_TEXT(...) _Pragma(#__VA_ARGS__)

#if defined(__BAMBU__)
#define ACCEL_NAMED(name)
#define ACCEL_PIPELINE
#define ACCEL_UNROLL_BEFORE ACCEL_TEXT(unroll)
#define ACCEL_UNROLL_INSIDE
#define ACCEL_INLINE
#define ACCEL_DATAFLOW
#define ACCEL_PRAGMA(...)
#elif defined(__SYNTHESIS__)
#define ACCEL_NAMED(name) (name)
#define ACCEL_PIPELINE ACCEL_TEXT(HLS PIPELINE II = 1)
#define ACCEL_UNROLL_BEFORE
#define ACCEL_UNROLL_INSIDE ACCEL_TEXT(HLS UNROLL)
#define ACCEL_INLINE ACCEL_TEXT(HLS INLINE)
#define ACCEL_DATAFLOW ACCEL_TEXT(HLS DATAFLOW)
#define ACCEL_PRAGMA(...) ACCEL_TEXT(HLS __VA_ARGS__)
#else
#define ACCEL_NAMED(name) (name)
#define ACCEL_PIPELINE
#define ACCEL_UNROLL_BEFORE
#define ACCEL_UNROLL_INSIDE
#define ACCEL_INLINE
#define ACCEL_DATAFLOW
#define ACCEL_PRAGMA(...)
#endif

#ifndef ACCEL_HARDWARE
#if defined(__BAMBU__) || defined(__SYNTHESIS__)
#define ACCEL_HARDWARE 1
#else
#define ACCEL_HARDWARE 0
#endif
#endif
