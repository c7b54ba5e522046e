# SPDX-License-Identifier: Apache-2.0
# The synthesised Verilog against the C test bench. Run synthesis.tcl first.
source project.tcl

open_project $project
open_solution solution
cosim_design -rtl verilog
exit
