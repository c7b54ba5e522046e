// SPDX-License-Identifier: Apache-2.0
/// What layers tell the activity counters: a package of its own, because layers know nothing else of the accelerator.
package activity_pkg;
  // What a layer did in the cycle before, for the activity counters.
  typedef struct packed {
    logic write;  // one word enters the layer's window buffer (convolutions)
    logic step;   // one read of the weight memory, PE*SIMD multiply-accumulates (an adder graph: one output pixel)
  } activity_t;
endpackage
